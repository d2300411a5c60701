"""The reads that people wait for, as (name, call): measured for their CPU, and each plan looked at for a walk over a whole table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from linli.core import clock
from linli.core.actor import Actor
from linli.flow import queries as flow
from linli.flow.models import Journal, Matter, Outbox
from linli.portal import queries as portal
from linli.response import actions, board, permissions, picture, queries
from linli.response.models import Case
from linli.response.queries import calls, offers
from linli.territory import queries as territory
from linli.testing import cast
from linli.workbench import queries as workbench

LARGE = {m._meta.db_table for m in (Matter, Case, Journal, Outbox)}
SELDOM = {"picture of the open cases"}  # once in ten minutes a process: two per cent of a table by hashing it whole
Read = tuple[str, Callable[[], Any]]


def hot() -> list[Read]:
    """Lists with each filter, inboxes, the telephone queue, the clock's look for alarms, boards, what residents see."""
    from linli.response.queries import CaseFilter as F

    who = {name: cast.actor(name) for name in (
        "operator", "desk", "dispatcher", "dispatcher-niujie", "verifier", "grid-niujie", "handler-landscaping", "chief",
        "chief-niujie", "claim-volunteers",
    )}  # fmt: skip
    now, day = clock.now(), f"{clock.local(clock.now()):%Y-%m-%d}"
    niujie = "110102018"
    body = next(iter(who["grid-niujie"].bodies(permissions.BODY_KINDS)))
    middle = (116.3596, 39.8862)
    found: list[Read] = []

    def lists(name: str, **filters: str) -> None:
        words = " ".join(f"{k}={v}" for k, v in filters.items()) or "everything"
        found.append((f"list of {name}: {words}", lambda: queries.case_rows(who[name], F(**filters))))

    for filters in (
        {}, {"stage": "ended", "subdistrict": niujie}, {"stage": "handling"}, {"stage": "finding"}, {"due": "late"},
        {"due": "soon"}, {"open": "1"}, {"opened": "today"}, {"closed": "today"}, {"class_code": "0102"},
        {"top": "04", "subdistrict": niujie}, {"channel": "api"}, {"body": str(body)}, {"since": day}, {"stage": "closed"},
    ):  # fmt: skip
        lists("operator", **filters)
    for filters in ({}, {"stage": "accepted"}, {"due": "late"}, {"stage": "ended"}, {"class_code": "0102"}):
        lists("dispatcher-niujie", **filters)
    lists("grid-niujie", view="body")
    lists("handler-landscaping", view="body", stage="handling")
    for name in (
        "operator",
        "dispatcher",
        "dispatcher-niujie",
        "verifier",
        "grid-niujie",
        "handler-landscaping",
        "desk",
    ):
        for tab in ("overdue", "today"):
            found.append((f"inbox of {name}: {tab}", lambda n=name, t=tab: workbench.inbox(who[n], t)))  # type: ignore[misc]
    for name in ("operator", "desk"):
        actor: Actor = who[name]
        found += [
            (f"next call of {name}", lambda a=actor: calls.next_call(a, now, anyway=True)),  # type: ignore[misc]
            (f"calls that wait, {name}", lambda a=actor: calls.waiting_calls(a, now)),  # type: ignore[misc]
            (f"without a contact, {name}", lambda a=actor: list(calls.without_contact(a, now)[:50])),  # type: ignore[misc]
            (f"own shift, {name}", lambda a=actor: calls.shift_of(a)),  # type: ignore[misc]
        ]
    found += [
        ("alarms that are due", lambda: due_alarms()),
        ("picture of the open cases", whole_picture),
        ("arrivals of the district", lambda: board.hours(who["chief"], board.Wanted("110102"))),
        ("arrivals of a subdistrict", lambda: board.hours(who["chief-niujie"], board.Wanted(niujie))),
        ("what changed", lambda: flow.changed_after(flow.position() - 20)),
        ("offers open to a volunteer team", lambda: offers.open_offers(who["claim-volunteers"], offers.OfferFilter())),
        ("what a volunteer team answered", lambda: offers.answered(who["claim-volunteers"])),
        ("cases near a point, for residents", lambda: queries.nearby(*middle)),
        ("cases near a point, for staff", lambda: queries.nearby(*middle, public=False, actor=who["operator"])),
        ("public list", lambda: portal.public_matters()),
        ("public list of a subdistrict", lambda: portal.public_matters(subdistrict=niujie)),
        ("counting provisional due times", queries.count_provisional),
    ]  # fmt: skip
    assert territory.division(niujie) is not None
    return found


def whole_picture() -> Any:
    """As a process reads it first."""
    picture.forget()
    return picture.spots()


def due_alarms() -> list[int]:
    """The reading of `actions.ring_alarms`, with nothing rung."""
    from unittest import mock

    seen: list[int] = []

    def ring(case: Case) -> bool:
        seen.append(case.pk)
        return False

    with mock.patch("linli.response.actions.alarms.ring", ring):
        actions.ring_alarms(limit=20)
    return seen


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """What is sent meanwhile, with its parameters."""
    sent: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield sent


def walks(reads: list[Read]) -> list[tuple[str, str, float, float]]:
    """(read, table, rows thrown away, ms) of every walk over a whole large table, PostgreSQL only."""
    found = []
    for name, call in reads:
        with statements() as sent:
            call()
        for sql, params in sent:
            if not sql.lstrip().upper().startswith("SELECT"):
                continue
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + sql, params)
                said = cursor.fetchone()[0]
            plan = (json.loads(said) if isinstance(said, str) else said)[0]
            for node in _nodes(plan["Plan"]):
                if node["Node Type"].endswith("Seq Scan") and node.get("Relation Name") in LARGE:
                    lost = node.get("Rows Removed by Filter", 0) * node["Actual Loops"]
                    found.append((name, node["Relation Name"], lost, plan["Execution Time"]))
    return found


def slow(reads: list[Read], over_ms: float) -> list[tuple[str, float, str]]:
    """Statements that took PostgreSQL longer than `over_ms`, with their plans as text."""
    found = []
    for name, call in reads:
        with statements() as sent:
            call()
        for sql, params in sent:
            if not sql.lstrip().upper().startswith("SELECT"):
                continue
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + sql, params)
                lines = [r[0] for r in cursor.fetchall()]
            took = float(lines[-1].split()[-2])
            if took > over_ms:
                found.append((name, took, sql[:1500] + "\n" + "\n".join(lines)))
    return sorted(found, key=lambda f: -f[1])


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
