"""Floor 3: fine-tunes keyphrase models with Ray Train and measures them."""
