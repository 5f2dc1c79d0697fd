"""Search over an index: from arguments to a query, from results to JSON."""
