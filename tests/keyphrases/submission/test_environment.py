"""`--env`: names travel, plain values too, secrets never."""

from __future__ import annotations

import pytest

from keyphrases.submission.driver import lacking
from keyphrases.submission.environment import Environment, has_password, is_secret
from posts.errors import InputError


def test_a_name_is_a_reference_and_a_value_a_setting() -> None:
    given = ["ELASTICSEARCH_API_KEY", "AWS_REGION=eu-central-1", "A=b=c", "ELASTICSEARCH_API_KEY"]
    environment = Environment.parse(given)
    assert environment.references == ("ELASTICSEARCH_API_KEY",)
    assert environment.settings == {"AWS_REGION": "eu-central-1", "A": "b=c"}


@pytest.mark.parametrize(
    "name",
    [
        *("ELASTICSEARCH_API_KEY", "ELASTICSEARCH_PASSWORD", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN"),
        *("AWS_SESSION_TOKEN", "apikey", "DB_PWD", "CREDENTIALS", "BASIC_AUTH"),
    ],
)
def test_a_secret_may_not_travel_and_is_not_told(name: str) -> None:
    assert is_secret(name)
    with pytest.raises(InputError, match=f"--env {name}$") as refused:
        Environment.parse([f"{name}=hush-hush"])
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "name",
    [
        *("KEYPHRASES_METRICS_PORT", "ELASTICSEARCH_CA_CERTS", "AWS_ENDPOINT_URL"),
        *("AWS_SHARED_CREDENTIALS_FILE", "RAY_AUTH_MODE", "TOKENIZERS_PARALLELISM"),
    ],
)
def test_plain_settings_may_travel(name: str) -> None:
    assert Environment.parse([f"{name}=1"]).settings == {name: "1"}


def test_a_password_in_a_url_is_a_secret_whatever_its_name() -> None:
    assert has_password("https://user:hush@proxy:3128")
    assert has_password("elastic:hush@host:9200/posts"), "the scheme was forgotten"
    assert has_password("https://host:9200/posts?api_key=hush")
    assert not has_password("https://proxy:3128/a@b")
    assert not has_password("s3://dumps/2026:11/a@b?versionId=3")
    with pytest.raises(InputError) as refused:
        Environment.parse(["HTTPS_PROXY=https://user:hush@proxy:3128"])
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("given", ["=hush", "a hush", "1A=hush", "", "A-B=hush"])
def test_what_is_no_variable_is_refused_without_being_told(given: str) -> None:
    with pytest.raises(InputError, match="NAME=VALUE") as refused:
        Environment.parse([given])
    assert "hush" not in str(refused.value)


def test_a_job_has_half_a_minute_to_stop_unless_told_otherwise() -> None:
    assert Environment.parse([]).env_vars == {"RAY_JOB_STOP_WAIT_TIME_S": "30"}
    other = Environment.parse(["RAY_JOB_STOP_WAIT_TIME_S=90"])
    assert other.env_vars == {"RAY_JOB_STOP_WAIT_TIME_S": "90"}


def test_a_variable_that_is_empty_is_lacking() -> None:
    assert lacking(["A", "B", "C"], {"A": "1", "B": ""}) == ["B", "C"]
