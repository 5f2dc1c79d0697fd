"""The embedded engine: tantivy in a folder, for one machine and no server."""
