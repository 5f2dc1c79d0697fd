"""The stages of a run: read, ask, decode, generate. Each takes a table and gives tables."""
