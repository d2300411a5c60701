"""Campaigns: what may be said, how they turn, what their board counts, whose part is seen, the record of changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from linli.accounts import queries as accounts
from linli.coordination.actions import campaigns as actions
from linli.coordination.actions.campaigns import CampaignPlan
from linli.coordination.campaign_rules import days_of, least, within
from linli.coordination.models import Campaign
from linli.coordination.queries import campaigns as reads
from linli.coordination.queries.campaigns import BoardFilter
from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.response import actions as response
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)
NIUJIE = (116.3596, 39.8862)
DESHENG = (116.3795, 39.9513)


def plan(**more: Any) -> CampaignPlan:
    said: dict[str, Any] = {
        "name": "冬季整治", "classes": ("01",), "divisions": ("110102",), "first_day": TODAY, "last_day": TODAY + 20 * DAY,
    }  # fmt: skip
    return CampaignPlan(**{**said, **more})


def case(at: datetime, code: str = "0102", place: tuple[float, float] = NIUJIE) -> int:
    with clock.at(at, actor=SYSTEM):
        return response.report_case(
            actor=RESIDENT, report=response.Report("web", code, *place, description="x")
        ).matter_id


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "长" * 61}, "name"),
        ({"classes": ()}, "classes"),
        ({"classes": ("9999",)}, "classes"),
        ({"divisions": ()}, "divisions"),
        ({"divisions": ("110199",)}, "divisions"),
        ({"first_day": None}, "first_day"),
        ({"last_day": TODAY - DAY}, "last_day"),
        ({"first_day": TODAY - 9 * DAY, "last_day": TODAY - DAY}, "last_day"),
        ({"last_day": TODAY + 3650 * DAY}, "last_day"),
        ({"first_day": TODAY + 800 * DAY, "last_day": TODAY + 801 * DAY}, "first_day"),
        ({"body_id": 10**9}, "body"),
        ({"aim": "长" * 201}, "aim"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(district: Cast, more: dict[str, Any], field: str) -> None:
    with clock.at(NOW, actor=SYSTEM), pytest.raises(Invalid) as refused:
        actions.draft_campaign(actor=district.actor("chief"), plan=plan(**more))
    assert list(refused.value.fields) == [field]
    assert not Campaign.objects.exists()


def test_who_may(district: Cast) -> None:
    with clock.at(NOW, actor=SYSTEM):
        for username in ("chief-niujie", "dispatcher", "administrator", "handler-works"):
            with pytest.raises(Forbidden):
                actions.draft_campaign(actor=district.actor(username), plan=plan())
        made = actions.draft_campaign(actor=district.actor("chief-niujie"), plan=plan(divisions=("110102018",)))
    assert reads.campaign_for(district.actor("chief"), made.pk)
    for username in ("chief-desheng", "handler-works", "community-niujie"):
        with pytest.raises(Missing):
            reads.campaign_for(district.actor(username), made.pk)


def test_it_turns_by_itself_and_is_recorded(district: Cast) -> None:
    chief = district.actor("chief")
    with clock.at(NOW, actor=SYSTEM):
        made = actions.draft_campaign(actor=chief, plan=plan(first_day=TODAY + DAY))
        assert actions.campaigns_take_effect() == 0
        with pytest.raises(Conflict):
            actions.end_campaign(actor=chief, campaign_id=made.pk, version=1)
    with clock.at(NOW + DAY, actor=SYSTEM):
        assert actions.campaigns_take_effect() == 1
        assert actions.campaigns_take_effect() == 0
        changed = plan(first_day=TODAY + DAY, classes=("01", "05"))
        actions.change_campaign(actor=chief, campaign_id=made.pk, version=2, plan=changed)
        with pytest.raises(Conflict):  # somebody who saw it before
            actions.change_campaign(actor=chief, campaign_id=made.pk, version=2, plan=changed)
        with pytest.raises(Invalid):  # it has begun
            actions.change_campaign(actor=chief, campaign_id=made.pk, version=3, plan=plan(first_day=TODAY + 2 * DAY))
    with clock.at(NOW + 30 * DAY, actor=SYSTEM):
        assert actions.campaigns_take_effect() == 1
        with pytest.raises(Conflict):
            actions.change_campaign(actor=chief, campaign_id=made.pk, version=4, plan=plan())
    lines = [x for x in accounts.audit(actor=district.actor("auditor")) if x.target == f"campaign:{made.pk}"]
    assert [x.facts["what"] for x in reversed(lines)] == ["draft", "running", "change", "ended"]
    assert lines[1].facts["changed"]["classes"] == ["01", "01 05"]


def test_the_board_counts_its_cases_and_no_others(district: Cast) -> None:
    chief = district.actor("chief")
    with clock.at(NOW, actor=SYSTEM):
        made = actions.draft_campaign(actor=chief, plan=plan())
        actions.campaigns_take_effect()
    for at in (NOW - 7 * DAY, NOW - 14 * DAY):  # the same weekday before
        case(at)
    inside = [case(NOW), case(NOW + DAY), case(NOW + DAY, place=DESHENG)]
    case(NOW + DAY, code="0501")
    case(NOW + 30 * DAY)
    with clock.at(NOW + 5 * DAY, actor=SYSTEM):
        found = reads.board(chief, reads.campaign_for(chief, made.pk), BoardFilter())
        assert (found.total.opened, found.total.open, found.total.rate) == (3, 3, None)
        assert found.total.late == 3
        assert {s.key: s.opened for s in found.places} == {"110102018": 2, "110102010": 1}
        assert [s.key for s in found.classes] == ["0102"]
        assert (found.days[0].count, found.days[0].usual, found.days[-1].count) == (1, 0.5, None)
        rows, after = reads.board_cases(chief, found.campaign, BoardFilter(state="late"))
        assert ({c.pk for c in rows}, after) == (set(inside), 0)
        narrow = reads.board(chief, found.campaign, BoardFilter(place="110102018", day="2026-11-24"))
        assert narrow.total.opened == 1
        mine = reads.board(district.actor("chief-desheng"), found.campaign, BoardFilter())
        assert (mine.total.opened, mine.ground.whole) == (1, False)
        assert (
            reads.board(district.actor("chief-desheng"), found.campaign, BoardFilter(place="110102018")).total.opened
            == 0
        )


def test_the_leading_body_sees_what_it_holds(district: Cast) -> None:
    from linli.organisations import queries as organisations

    works = organisations.body_by_code("110102-urban-management")
    assert works is not None
    with clock.at(NOW, actor=SYSTEM):
        made = actions.draft_campaign(actor=district.actor("chief"), plan=plan(body_id=works.id))
    case(NOW)
    with clock.at(NOW + DAY, actor=SYSTEM):
        found = reads.board(district.actor("handler-works"), reads.campaign_for(district.actor("handler-works"), made.pk),
                            BoardFilter())  # fmt: skip
        assert found.total.opened == 0


def test_arithmetic_of_places_and_days() -> None:
    assert least(["110102018001", "110102018", "110102010"]) == ("110102010", "110102018")
    assert (within("110102018", "110102"), within("110102", "110102018"), within("110102010", "110102018")) == (
        "110102018", "110102018", "")  # fmt: skip
    counts = {TODAY - 7 * w * DAY: 4 for w in range(1, 5)}
    days = days_of(TODAY, TODAY + 8 * DAY, TODAY + DAY, counts)
    assert [(d.count, d.usual) for d in days[:3]] == [(0, 4.0), (0, 0.0), (None, 0.0)]
    assert days[7].usual == 4.0
