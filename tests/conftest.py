"""Fixtures of the whole suite: the real servers, a small disk and the pretrained weights."""

pytest_plugins = [
    "tests.servers.elasticsearch",
    "tests.servers.s3",
    "tests.servers.ray_session",
    "tests.servers.small_disk",
    "tests.pretrained",
]
