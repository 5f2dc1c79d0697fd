"""Fixtures of the whole suite: the real servers."""

pytest_plugins = ["tests.servers.s3"]
