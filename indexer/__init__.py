"""Floor 3: applies a model to a dump with Ray Data and keeps the index people search."""
