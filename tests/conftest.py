"""Fixtures of the whole suite: the real servers and the pretrained weights."""

pytest_plugins = [
    "tests.servers.elasticsearch",
    "tests.servers.s3",
    "tests.servers.ray_session",
    "tests.pretrained",
]
