"""The HTTP API over an index, and the page that uses it (see `docs/http-api.md`)."""
