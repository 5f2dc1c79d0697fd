"""The Elasticsearch engine: client 8, server 8.4 or later, or 9, for many machines."""
