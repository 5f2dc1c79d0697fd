"""The address of a head."""

from __future__ import annotations

import pytest

from keyphrases.submission.head import head_url, shows_token
from posts.errors import InputError


def test_the_url_of_a_head_has_no_slash_at_its_end() -> None:
    assert head_url("http://head:8265/") == "http://head:8265"
    assert head_url("https://ray.example.com/cluster/") == "https://ray.example.com/cluster"


@pytest.mark.parametrize("address", [None, "", "head:8265", "auto", "ray://head:10001", "http://"])
def test_anything_else_is_refused_with_an_example(address: str | None) -> None:
    with pytest.raises(InputError, match="http://HEAD:8265"):
        head_url(address)


def test_a_password_in_it_is_refused_and_not_told() -> None:
    with pytest.raises(InputError, match="RAY_AUTH_TOKEN") as refused:
        head_url("https://me:hush@head:8265")
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://ray.example.com:8265", True),
        ("http://8.8.8.8:8265", True),
        ("https://ray.example.com", False),
        ("http://127.0.0.1:8265", False),
        ("http://10.0.0.7:8265", False),
        ("http://localhost:8265", False),
        ("http://ray-head.keyphrases.svc:8265", False),
        ("http://ray-head.keyphrases.svc.cluster.local:8265", False),
    ],
)
def test_a_token_on_plain_http_in_the_open_net_is_worth_a_warning(url: str, shown: bool) -> None:
    assert shows_token(url) is shown
