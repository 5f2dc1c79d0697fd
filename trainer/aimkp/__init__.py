"""AimKP: progressive modality masking, filtered by gradients (AAAI 2026, arXiv 2512.00928)."""
