"""Benchmarks: one script each, `python -m bench.NAME`; their results lie in bench/results/."""
