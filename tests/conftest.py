"""Fixtures of the whole suite: the real servers."""

pytest_plugins = ["tests.servers.elasticsearch", "tests.servers.s3", "tests.servers.ray_session"]
