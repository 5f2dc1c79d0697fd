"""What `keyphrases demo` shows: real pictures by the model that ships, then a training."""
