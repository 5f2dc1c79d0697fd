"""The Elasticsearch engine: client 8, server 8 or 9, for many machines."""
