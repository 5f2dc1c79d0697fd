"""Indexes on the server of the tests, as tests of the engines have them."""

from tests.indexer.index.conftest import new_elastic_location, used_servers

__all__ = ["new_elastic_location", "used_servers"]
