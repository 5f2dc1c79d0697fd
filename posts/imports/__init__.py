"""Data sets in the layouts in which they were published, turned into dumps."""
