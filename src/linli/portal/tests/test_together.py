"""Reporters of one matter: each on their own page, told of one progress, nothing of each other."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from linli.core.actor import RESIDENT
from linli.flow import relay
from linli.flow.models import Journal
from linli.organisations import queries as organisations
from linli.response import actions, queries
from linli.response.models import Case
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db
NIUJIE = (116.3596, 39.8862)


@pytest.fixture
def two(district: Cast) -> tuple[actions.Receipt, actions.Receipt]:
    """Two residents' reports of one thing; the second is merged into the first."""
    one, other = (
        actions.report_case(actor=RESIDENT, report=actions.Report("web", "0102", *NIUJIE, description=f"秘密{n}"))
        for n in (1, 2)
    )
    move(district, "operator", one, "accept")
    main = queries.case_for(district.actor("operator"), one.number)
    move(district, "operator", other, "merge", extra={"parent": main})
    return one, other


def move(district: Cast, who: str, receipt: actions.Receipt, verb: str, **more: Any) -> Case:
    actor = district.actor(who)
    case = queries.case_for(actor, receipt.number)
    actions.move_case(actor=actor, case=case, step=actions.Step(verb, case.matter.version, **more))
    return case


def page(receipt: actions.Receipt) -> str:
    answer = Client().get(f"/follow/{receipt.number}/{receipt.code}/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def worked(district: Cast, receipt: actions.Receipt) -> None:
    team = organisations.body_by_code("110102018-grid")
    assert team is not None
    move(district, "dispatcher-niujie", receipt, "dispatch", body_id=team.id)
    move(district, "grid-niujie", receipt, "sign")
    move(district, "grid-niujie", receipt, "feed_back", text="内部的话")
    move(district, "verifier", receipt, "pass")
    move(district, "verifier", receipt, "close")
    for row in Journal.objects.filter(verb="close").order_by("pk"):
        actions.close_followers(relay.Announcement(0, row.matter_id, "case", row.verb, row.actor))


def test_each_is_told_the_progress_and_nothing_of_the_other(
    district: Cast, two: tuple[actions.Receipt, actions.Receipt]
) -> None:
    one, other = two
    text = page(other)
    assert "合在一起办理" in text and "秘密2" in text
    team = organisations.body_by_code("110102018-grid")
    assert team is not None
    move(district, "dispatcher-niujie", one, "dispatch", body_id=team.id)
    text = page(other)
    assert f"已交给{team.name}" in text, "the main case's progress"
    for secret in ("秘密1", one.number, one.code):
        assert secret not in text
    assert "秘密2" not in page(one) and other.number not in page(one)


def test_each_is_asked_and_may_have_it_done_again_alone(
    district: Cast, two: tuple[actions.Receipt, actions.Receipt]
) -> None:
    one, other = two
    worked(district, one)
    text = page(other)
    assert "请您评价" in text and "内部的话" not in text and "核查通过" in text
    client = Client()
    case = Case.objects.select_related("matter").get(pk=other.matter_id)
    said = {"version": case.matter.version, "outcome": "unsolved", "satisfaction": "dissatisfied", "comment": "还在"}
    answer = client.post(f"/follow/{other.number}/{other.code}/answer", said)
    assert answer.status_code == 302, answer.content.decode()
    case = Case.objects.select_related("matter").get(pk=other.matter_id)
    assert (case.matter.stage, case.matter.parent_id) == ("accepted", None)
    assert Case.objects.select_related("matter").get(pk=one.matter_id).matter.stage == "closed"
    move(district, "operator", one, "note", text="别人的备注")
    text = page(other)
    assert "合在一起办理。" not in text and "还在" in text and "已交给" in text, "what happened together stays told"


def test_apart_again_the_progress_of_the_other_is_no_longer_told(
    district: Cast, two: tuple[actions.Receipt, actions.Receipt]
) -> None:
    one, other = two
    move(district, "operator", other, "unmerge", text="不是同一处")
    team = organisations.body_by_code("110102018-grid")
    assert team is not None
    move(district, "dispatcher-niujie", one, "dispatch", body_id=team.id)
    text = page(other)
    assert "核实后不是同一件事，单独办理" in text and "已交给" not in text and "不是同一处" not in text
