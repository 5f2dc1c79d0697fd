"""Submission: `keyphrases index` and `keyphrases train` as jobs of a Ray cluster."""
