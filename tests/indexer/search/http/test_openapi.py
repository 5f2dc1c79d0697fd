"""The API keeps to what /openapi.json says of it, whatever it is asked."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from indexer.search import Index
from tests.indexer.search.http.conftest import running

_CHECKS = [
    not_a_server_error,
    negative_data_rejection,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_FEW = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def url(location: str) -> Iterator[str]:
    with Index(location) as index, running(index) as server:
        yield server.url


@pytest.fixture
def api(url: str) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{url}/openapi.json", wait_for_schema=10)


schema = schemathesis.pytest.from_fixture("api")


@schema.parametrize()
@_FEW
def test_no_question_gets_an_answer_of_another_form(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=_CHECKS)


def test_the_description_names_every_route_and_no_other_form_of_error(url: str) -> None:
    described = httpx.get(f"{url}/openapi.json").json()

    assert set(described["paths"]) == {
        "/api/search",
        "/api/suggest",
        "/api/facets",
        "/api/related",
        "/api/post",
        "/api/similar",
        "/api/thumbnail",
        "/api/abilities",
        "/api/session",
        "/health",
    }
    assert "422" not in str(described)
    assert "ValidationError" not in described["components"]["schemas"]
