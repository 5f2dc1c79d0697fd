"""The bases that come with the program, by the names that people give them."""

SMALL = "small"
POCKET = "pocket"
