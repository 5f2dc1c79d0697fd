"""Floor 2: what a model is: its family, its bundle on disk, its versions, and asking it."""
