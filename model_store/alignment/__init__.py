"""Cross-modal alignment of a model: vectors of pictures and texts, and how well the two fit."""
