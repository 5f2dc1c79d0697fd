"""Cross-modal alignment: pictures and texts of posts learn to lie near each other."""
