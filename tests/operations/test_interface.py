"""The API against its own description: whatever is sent, no operation breaks, and each answers as the description says.

Runs in the process over WSGI, a limited number of examples an operation, the same ones each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from linli.accounts import actions as accounts
from linli.core.actor import RESIDENT
from linli.response import actions, queries
from linli.response.models import Case
from linli.testing.fixtures import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.once]
EXAMPLES = 20
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The end of a request closes the connection; here it is the test's own, as in Django's test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def number(district: Cast) -> str:
    """A case that is really there: else every address with a number only ever answers 404."""
    report = actions.Report("web", "0102", 116.3596, 39.8862, description="门口垃圾没清")
    receipt = actions.report_case(actor=RESIDENT, report=report)
    return str(queries.number_of_case(Case.objects.select_related("matter").get(pk=receipt.matter_id)))


@pytest.fixture
def token(district: Cast) -> str:
    """The operator's programme."""
    made = accounts.create_token(
        actor=district.actor("administrator"),
        account_id=district.id("operator"),
        name="interface",
        scopes=["operator"],
        days=1,
    )
    return str(made.secret)


@pytest.mark.parametrize("who", ["operator", "nobody"])
def test_every_operation_answers_as_its_description_says(who: str, number: str, token: str) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())
    headers = {"authorization": f"Bearer {token}"} if who == "operator" else {}
    wrong: dict[str, str] = {}
    seen: dict[str, set[int]] = {}
    for found in schema.get_all_operations():
        operation: Any = found.ok()
        name = f"{operation.method.upper()} {operation.path}"
        try:
            _try(operation, headers, number, seen.setdefault(name, set()))
        except Exception as broken:
            wrong[name] = f"{type(broken).__name__}: {broken}"[:1500]
    assert not wrong, "\n\n".join(f"{name}\n{what}" for name, what in wrong.items())
    assert len(seen) >= 6
    if who == "operator":
        assert all(codes & {200, 201, 404, 422} for codes in seen.values()), seen
        assert 200 in seen["GET /api/v1/cases/{number}"]
    else:
        assert all(codes <= {401, 403, 422} for name, codes in seen.items() if "/classes" not in name), seen


def _try(operation: Any, headers: dict[str, str], number: str, seen: set[int]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), known=st.booleans())
    def once(case: Any, known: bool) -> None:
        if known and "number" in (case.path_parameters or {}):
            case.path_parameters["number"] = number
        with transaction.atomic():
            answer = case.call(headers=headers)
            transaction.set_rollback(True)
        seen.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS, headers=headers)

    once()
