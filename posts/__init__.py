"""Floor 1: what a post and a dump are. Nothing here knows about models."""
