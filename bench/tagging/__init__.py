"""What it takes to tag posts as the indexer does: memory, time, and where the time goes."""
