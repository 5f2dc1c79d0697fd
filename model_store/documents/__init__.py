"""Documents: posts with several pictures or long text, asked in parts whose answers are merged."""
