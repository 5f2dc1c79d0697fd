"""From answers to committed writes."""
