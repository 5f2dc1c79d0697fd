"""Settings of training that ship with the project, a YAML file for each base."""

from pathlib import Path

SMALL_CONFIG = Path(__file__).parent / "small.yaml"
"""For the small base and dumps of about two thousand posts."""
