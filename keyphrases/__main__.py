"""`python -m keyphrases` is the command `keyphrases`."""

from keyphrases.main import main

main()
