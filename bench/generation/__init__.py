"""Parts of the measurement of generation (`bench.generate`)."""
