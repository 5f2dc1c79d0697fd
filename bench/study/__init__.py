"""The study of label noise and ablations that `python -m bench.ablation` runs."""
