"""A question that becomes a matter is given its place in the same step; the joint bodies of a rule stand in the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from linli.core.errors import Conflict, Invalid
from linli.flow.models import Journal
from linli.organisations import queries as organisations
from linli.response import actions, queries
from linli.response.actions import routing
from linli.response.models import Case
from linli.response.routing import Rule
from linli.territory import queries as territory
from linli.testing.fixtures import Cast

from .conftest import NIUJIE, Press

pytestmark = pytest.mark.django_db
DESHENG = (116.3786, 39.9608)


@pytest.fixture
def asked(district: Cast) -> Case:
    """A question of somebody in Niujie, without a point."""
    report = actions.Report("phone", "7109", description="水从井盖里冒出来了怎么办", division="110102018")
    receipt = actions.report_case(actor=district.actor("operator"), report=report)
    return Case.objects.select_related("matter").get(pk=receipt.matter_id)


def accept(case: Case, **more: Any) -> dict[str, Any]:
    return {"version": case.matter.version, "text": "", "class_code": "0102", **more}


def address(case: Case, more: str = "") -> str:
    return f"/cases/{queries.number_of_case(case)}/{more}"


def test_the_step_gives_class_and_place(district: Cast, asked: Case) -> None:
    web = district.client("operator")
    page = web.get(address(asked)).content.decode()
    assert "data-place " in page and "有具体地点" in page and "response/place" in page
    said = accept(asked, lon=str(NIUJIE[0]), lat=str(NIUJIE[1]), place_source="map", place_q="地图选点")
    assert web.post(address(asked, "accept/"), said).status_code == 303
    case = Case.objects.select_related("matter").get(pk=asked.pk)
    found = territory.locate(*NIUJIE)
    assert found is not None and found.grid and (case.lon, case.lat) == NIUJIE and case.place_source == "map"
    assert (case.matter.grid_at_intake, case.matter.community, case.matter.subdistrict, case.matter.area) == (
        found.grid, found.community, found.subdistrict, found.community,
    )  # fmt: skip
    line = Journal.objects.get(matter_id=case.pk, verb="accept")
    assert f'"grid":"{found.grid}"' in line.body and '"route"' in line.body
    assert "有具体地点" not in web.get(address(case)).content.decode()


def test_without_a_place_it_stays_where_it_was(district: Cast, asked: Case) -> None:
    assert district.client("operator").post(address(asked, "accept/"), accept(asked)).status_code == 303
    case = Case.objects.select_related("matter").get(pk=asked.pk)
    assert (case.place_source, case.matter.grid_at_intake, case.matter.subdistrict) == ("list", "", "110102018")


def test_words_are_looked_up_and_one_of_several_is_picked(district: Cast, asked: Case) -> None:
    web = district.client("operator")
    nothing = web.post(address(asked, "accept/"), accept(asked, place_q="没有这个地方没有"))
    assert nothing.status_code == 422 and "没有找到这个地点" in nothing.content.decode()
    several = web.post(address(asked, "accept/"), accept(asked, place_q="社区"))
    text = several.content.decode()
    assert several.status_code == 422 and "有几个地点符合" in text and 'name="pick"' in text
    picked = accept(asked, place_q="社区", pick=f"{NIUJIE[0]},{NIUJIE[1]}")
    assert web.post(address(asked, "accept/"), picked).status_code == 303
    assert Case.objects.get(pk=asked.pk).place_source == "search"


@pytest.mark.parametrize("point", [("0", "0"), ("nan", "39.9"), ("121.4", "31.2"), ("x", "39.9")])
def test_a_point_elsewhere_is_refused_and_nothing_is_taken(district: Cast, asked: Case, point: tuple[str, str]) -> None:
    said = accept(asked, lon=point[0], lat=point[1], place_source="map")
    assert district.client("operator").post(address(asked, "accept/"), said).status_code == 422
    assert Case.objects.select_related("matter").get(pk=asked.pk).matter.stage == "reported"


def test_a_desk_places_only_in_its_own_divisions(district: Cast, asked: Case, press: Press) -> None:
    with pytest.raises(Invalid) as refused:
        press("desk", asked, "accept", class_code="0102", extra={"lon": DESHENG[0], "lat": DESHENG[1]})
    assert refused.value.code == "place_out_of_scope" and "place" in refused.value.fields
    moved = press("operator", asked, "accept", class_code="0102", extra={"lon": DESHENG[0], "lat": DESHENG[1]})
    assert moved.matter.subdistrict == "110102010"


def test_a_place_that_is_known_is_never_moved(reported: Callable[..., Case], press: Press) -> None:
    case = reported()
    with pytest.raises(Conflict) as refused:
        press("operator", case, "accept", extra={"lon": DESHENG[0], "lat": DESHENG[1]})
    assert refused.value.code == "place_known" and Case.objects.get(pk=case.pk).lon == case.lon


# --- the joint bodies of a rule -------------------------------------------------------------------------
def test_the_joint_bodies_of_the_rule_stand_in_the_form_and_may_go(
    district: Cast, reported: Callable[..., Case], press: Press
) -> None:
    lead, joint = "110102018-grid", "110102-urban-management"
    bodies = {b.code: b.id for b in organisations.bodies()}
    joint = joint if joint in bodies else next(c for c in bodies if c.startswith("110102-"))
    admin = district.actor("administrator")
    rules = [Rule(1, ("",), ("",), lead=lead, joint=(joint,), source="会议")]
    draft, _aside = routing.replace_draft(actor=admin, rules=rules)
    routing.publish(actor=admin, expected=draft.revision)
    case = press("operator", reported(), "accept")
    web = district.client("dispatcher")
    page = web.get(address(case)).content.decode()
    chosen = f'<option value="{bodies[joint]}" selected>'
    assert chosen in page and "已按派遣规则填好" in page
    said = {"version": case.matter.version, "text": "", "body": bodies[lead]}
    assert web.post(address(case, "dispatch/"), said).status_code == 303  # taken out
    assert Case.objects.get(pk=case.pk).open_assists == 0
