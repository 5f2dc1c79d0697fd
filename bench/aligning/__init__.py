"""Parts of bench.alignment."""
