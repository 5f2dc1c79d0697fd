"""A file per sub-command; each exports `command`."""
