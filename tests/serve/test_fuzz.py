"""Hostile and right requests out of the OpenAPI document: no fault, and replies as described.

``EXAMPLES=200 pytest tests/serve/test_fuzz.py`` (`make fuzz`) sends more of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

import serve.app
from rag.settings import Settings
from serve.library import OpenLibrary
from serve.stopping import Stopping
from tests.serve.conftest import open_library, served, stock

EXAMPLES = int(os.environ.get("EXAMPLES", "2"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
DOCUMENT = serve.app.create(OpenLibrary(lambda: None, Settings), Stopping()).openapi()
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
HALF = "\ud800"  # half of a character: JSON can name it, and no text has one
OPERATIONS = {one.ok().label: one.ok() for one in SCHEMA.get_all_operations()}


@dataclass
class Api:
    """A served API and the session that asks it with an administrator's key."""

    address: str
    session: requests.Session


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("fuzz")
    with (
        open_library(folder) as library,
        served(library) as address,
        requests.Session() as session,
    ):
        stock(library, folder)
        library.start_worker()
        secret, _ = library.keys.add("fuzz", "admin")
        session.headers["Authorization"] = f"Bearer {secret}"
        yield Api(f"http://{address}/api", session)


def modes(operation: schemathesis.schemas.APIOperation) -> list[GenerationMode]:
    """Right requests, and wrong ones if anything about one can be wrong: any path is a text."""
    raw = operation.definition.raw
    queries = [one for one in raw.get("parameters", ()) if one["in"] != "path"]
    wrong = "requestBody" in raw or any(_checked(one["schema"]) for one in queries)
    return list(GenerationMode) if wrong else [GenerationMode.POSITIVE]


def _checked(schema: dict[str, object]) -> bool:
    return schema.get("type") != "string" or "enum" in schema or "minLength" in schema


@pytest.mark.parametrize("label", sorted(OPERATIONS))
@pytest.mark.timeout(60 + EXAMPLES * 5)
def test_no_request_is_a_fault(api: Api, label: str):
    operation = OPERATIONS[label]
    for mode in modes(operation):

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate, Phase.explicit],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: schemathesis.Case) -> None:
            reply = case.call(base_url=api.address, session=api.session, timeout=30)
            case.validate_response(reply, checks=CHECKS)

        check()


def halved(value: object) -> object:
    """The same JSON with half a character at the end of every text."""
    if isinstance(value, str):
        return value + HALF
    if isinstance(value, list):
        return [halved(one) for one in value]
    if isinstance(value, dict):
        return {name: halved(one) for name, one in value.items()}
    return value


def takes_json(operation: schemathesis.schemas.APIOperation) -> bool:
    """Whether an operation has a body of JSON."""
    return "application/json" in operation.definition.raw.get("requestBody", {}).get("content", {})


@pytest.mark.parametrize("label", sorted(n for n, one in OPERATIONS.items() if takes_json(one)))
def test_halves_of_characters_are_no_fault(api: Api, label: str):
    operation = OPERATIONS[label]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def check(case: schemathesis.Case) -> None:
        address = f"{api.address}{case.formatted_path}"
        # A body of one field reaches further than one whose other fields are refused.
        parts = [{n: v} for n, v in case.body.items()] if isinstance(case.body, dict) else []
        for body in (case.body, *parts):
            reply = api.session.request(case.method, address, json=halved(body), timeout=30)
            assert reply.status_code < 500, reply.text
            assert "unicode" not in reply.text  # what pydantic says of half a character

    check()
