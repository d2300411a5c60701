"""Every address × every member of the cast × GET and POST, against a table that people review.

The addresses come from the URL configuration: one that the table does not list fails. After a deliberate change run
`LINLI_UPDATE_MATRIX=1 pytest tests/test_permission_matrix.py -p no:xdist` and read the diff of permission_matrix.csv.
A POST here carries next to nothing, so 422 means "may, but said nothing"; what a refused post sees is 403 or 404.
"""

from __future__ import annotations

import csv
import os
import uuid
from collections.abc import Iterator
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM
from linli.exchange import writing
from linli.flow import relay
from linli.organisations import queries as organisations
from linli.response import actions, queries
from linli.response.models import Case
from linli.site import printing
from linli.territory import queries as territory
from linli.testing.cast import CAST
from linli.testing.fixtures import Cast
from tests.addresses import Address, every_address
from tests.circle_samples import circle_samples
from tests.coordination_samples import call_samples, topic_samples
from tests.evaluation_samples import book_samples, data_samples, framework_samples, results_samples
from tests.ground_samples import border_samples, design_samples, net_samples

TABLE = Path(__file__).with_name("permission_matrix.csv")
UPDATE = os.environ.get("LINLI_UPDATE_MATRIX") == "1"
MEMBERS = ("resident", *(p.username for p in CAST))
METHODS = ("GET", "POST")
SAID = {
    "response:move": "version=3",
    "coordination:summons-move": "version=1",
    "coordination:consultation-press": "version=2",
    "coordination:topic-move": "version=1&verb=adopt",
}  # with the version it was seen at, the answer is about the post alone
pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.once]


def table() -> dict[tuple[str, str], dict[str, str]]:
    if not TABLE.exists():
        return {}
    with TABLE.open(encoding="utf-8") as file:
        return {(r["address"], r["method"]): r for r in csv.DictReader(file)}


@pytest.fixture
def samples(district: Cast) -> dict[str, Any]:
    """One case in Niujie, waiting at the grid team; everything an address may name."""
    receipt = actions.report_case(
        actor=RESIDENT, report=actions.Report("web", "0102", 116.3596, 39.8862, description="门口垃圾没清")
    )
    case = Case.objects.select_related("matter").get(pk=receipt.matter_id)
    team = organisations.body_by_code("110102018-grid")
    assert team is not None
    for username, verb, more in (("operator", "accept", {}), ("dispatcher", "dispatch", {"body_id": team.id})):
        step = actions.Step(verb, case.matter.version, **more)  # type: ignore[arg-type]
        actions.move_case(actor=district.actor(username), case=case, step=step)
    administrator = district.actor("administrator")
    found = {
        "kind": "routes",
        "number": queries.number_of_case(case),
        "code": receipt.code,
        "territory:grid.code": case.matter.grid_at_intake,
        "verb": "sign",
        "class_code": "0102",
        "sheet": "ladder",
        "revision": territory.revision(),
        "z": 12,
        "x": 3372,
        "y": 1552,
        "level": 9,
        "layer": "community",
        "file_id": 1,
        "key": "0" * 32,
        "size": "small",
        "id": uuid.UUID(int=7),
        "account_id": district.id("desk"),
        "post_id": 10**9,
        "token_id": 10**9,
        "body_id": team.id,
        "division": "110102018",
        "administrator": administrator,
        "article": _article(),
        "knowledge:version.number": 1,
        "doubt_id": 10**9,
        "gap_id": 10**9,
        "offer_id": _offer(district, team.id),
        "command:compare_figure.key": "map",
        "command:compare_figure.kind": "svg",
        **circle_samples(district),
        **call_samples(district),
        **topic_samples(district),
        **data_samples(district),
        **framework_samples(district),
        **border_samples(district),
        **net_samples(district),
        **design_samples(district),
    }
    results = results_samples(district)
    found |= results | book_samples(district, results["evaluation:result.id"])
    relay.stamp()  # /healthz is well however long this takes
    return found


def _offer(district: Cast, owed: int) -> int:
    """A need in Niujie, offered to all of society."""
    receipt = actions.report_case(
        actor=RESIDENT, report=actions.Report("web", "8106", 116.3596, 39.8862, description="扶手松了")
    )
    case = Case.objects.select_related("matter").get(pk=receipt.matter_id)
    offer: dict[str, Any] = {
        "text": "扶手要修",
        "body_id": owed,
        "extra": {"claim_by": clock.now() + timedelta(days=1)},
    }
    for username, verb, more in (("operator", "accept", {}), ("dispatcher-niujie", "offer", offer)):
        step = actions.Step(verb, case.matter.version, **more)
        actions.move_case(actor=district.actor(username), case=case, step=step)
    return int(case.offers.get().pk)


def _article() -> str:
    """An answer of 自来水集团 in use, meant for everyone."""
    from linli.knowledge import actions as knowledge
    from linli.knowledge.rules import Content

    body = organisations.body_by_code("110102-tap-water")
    assert body is not None
    knowledge.load_categories(actor=SYSTEM, text="code,name\n01,供水\n")
    content = Content("停水了怎么办", "先看阀门。", "01")
    code = knowledge.create_article(actor=SYSTEM, content=content, owner_body=body.id, code="no-water")
    knowledge.publish(actor=SYSTEM, code=code, seq=1)
    return code


@pytest.fixture(autouse=True)
def gathered_but_not_composed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A download reads all its rows and renders its page; the workbook's cells and the PDF have tests of their own."""
    monkeypatch.setattr(writing, "_fill", lambda page, sheet, forms: sum(1 for _row in sheet.rows))
    monkeypatch.setattr(printing, "pdf", lambda html, css: b"%PDF-")


def answers(client: Client, address: Address, samples: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(method, status) of this address; whatever it wrote is rolled back, and a cookie that it set is forgotten."""
    path = address.path(samples)
    brought = client.cookies
    for method in METHODS:
        client.cookies = SimpleCookie(brought)
        with transaction.atomic():
            said = SAID.get(address.name, "") if method == "POST" else ""
            form = "application/x-www-form-urlencoded"
            answer = client.generic(method, path, said, form, headers={"host": "127.0.0.1"})
            transaction.set_rollback(True)
        client.cookies = brought
        yield method, str(answer.status_code)


@pytest.mark.parametrize("member", MEMBERS)
def test_each_member_sees_what_the_table_says(member: str, district: Cast, samples: dict[str, Any]) -> None:
    known = table()
    found: dict[tuple[str, str], str] = {}
    client = Client() if member == "resident" else district.client(member)
    for address in every_address():
        for method, status in answers(client, address, samples):
            found[address.name, method] = status
    assert not {k: v for k, v in found.items() if v.startswith("5") and k[0] != "site:healthz"}, "a page broke"
    if UPDATE:
        _write(known, member, found)
        return
    wrong = [
        f"{name} {method}: {status}, the table says {known.get((name, method), {}).get(member, 'nothing')}"
        for (name, method), status in found.items()
        if known.get((name, method), {}).get(member) != status
    ]
    assert not wrong, f"{member}:\n" + "\n".join(wrong)


def _write(known: dict[tuple[str, str], dict[str, str]], member: str, found: dict[tuple[str, str], str]) -> None:
    rows = [
        {
            "address": name,
            "method": method,
            **{m: known.get((name, method), {}).get(m, "") for m in MEMBERS},
            member: status,
        }
        for (name, method), status in found.items()
    ]
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["address", "method", *MEMBERS], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def test_the_table_lists_no_address_that_is_gone() -> None:
    names = {a.name for a in every_address()}
    assert {name for name, _m in table()} == names
