"""Plans: whose they are, who reads a shared one, what is refused; and what the planner's script may send."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from linli.circle import revision
from linli.circle.actions import facilities as one
from linli.circle.actions import plans as write
from linli.circle.models import Facility, Home, Plan
from linli.circle.queries import catalogue as catalogues
from linli.circle.queries import plans as read
from linli.circle.queries.reach import Edit
from linli.core import clock
from linli.core.actor import RESIDENT, Actor, Post
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.testing.fixtures import Cast

from .conftest import AUDITOR, DISTRICT, EAST, PLANNER, spot

pytestmark = pytest.mark.django_db
OTHER = Actor("person", 77, "另一位规划员", (Post(77, "planner", DISTRICT),))
SUPER = "100203"


def saved(actor: Actor = PLANNER, **more: Any) -> int:
    lon, lat = spot()
    given: dict[str, Any] = {
        "name": "牛街加一处", "note": "", "catalogue_id": catalogues.catalogue_in_force("services").id,
        "on": clock.today(), "pace": "older", "edits": [Edit("add", items=(SUPER,), lon=lon, lat=lat, name="新增 1")],
    }  # fmt: skip
    return write.save_plan(actor=actor, **(given | more))


def test_a_plan_comes_back_as_it_was_saved(facilities: int) -> None:
    facility = Facility.objects.first()
    assert facility is not None
    lon, lat = spot()
    edits = [
        Edit("move", facility=facility.pk, lon=lon, lat=lat), Edit("remove", facility=facility.pk),
        Edit("add", items=(SUPER, "100201"), lon=lon, lat=lat, name="新增 1"),
    ]  # fmt: skip
    plan = read.plan(actor=PLANNER, plan_id=saved(edits=edits, note=" 试一试 "))
    assert [replace(e, name="") for e in plan.edits] == [replace(e, name="") for e in edits]
    assert (plan.name, plan.note, plan.pace, plan.on, plan.own) == (
        "牛街加一处",
        "试一试",
        "older",
        clock.today(),
        True,
    )


def test_anothers_plan_is_missing_until_it_is_shared_and_then_read_only(catalogues: None) -> None:
    plan = saved()
    with pytest.raises(Missing):
        read.plan(actor=OTHER, plan_id=plan)
    with pytest.raises(Missing):
        read.shared(actor=OTHER, share="")
    assert read.plans(actor=OTHER) == []
    address = write.share_plan(actor=PLANNER, plan_id=plan, on=True)
    assert len(address) >= 20 and write.share_plan(actor=PLANNER, plan_id=plan, on=True) == address
    for reader in (OTHER, AUDITOR):
        assert not read.shared(actor=reader, share=address).own
    for change in (
        lambda: saved(OTHER, plan_id=plan, version=1),
        lambda: write.share_plan(actor=OTHER, plan_id=plan, on=False),
        lambda: write.archive_plan(actor=OTHER, plan_id=plan),
    ):
        with pytest.raises(Forbidden):
            change()
    copy = saved(OTHER)
    assert read.plan(actor=OTHER, plan_id=copy).own and copy != plan
    write.share_plan(actor=PLANNER, plan_id=plan, on=False)
    with pytest.raises(Missing):
        read.shared(actor=OTHER, share=address)


def test_residents_read_no_plan_and_only_planners_keep_one(catalogues: None) -> None:
    address = write.share_plan(actor=PLANNER, plan_id=saved(), on=True)
    with pytest.raises(Forbidden):
        read.shared(actor=RESIDENT, share=address)
    for actor in (RESIDENT, AUDITOR):
        with pytest.raises(Forbidden):
            saved(actor)
    assert Plan.objects.count() == 1


def test_whoever_saw_an_older_version_does_not_overwrite(catalogues: None) -> None:
    plan = saved()
    saved(plan_id=plan, version=1, name="改过", edits=[])
    with pytest.raises(Conflict):
        saved(plan_id=plan, version=1, name="又改")
    now = read.plan(actor=PLANNER, plan_id=plan)
    assert (now.name, now.version, now.edits) == ("改过", 2, ())


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"name": "  "}, "bad_name"), ({"name": "长" * 101}, "bad_name"), ({"note": "长" * 401}, "bad_name"),
        ({"edits": [Edit("move", facility=999_999, lon=116.36, lat=39.88)]}, "no_such_facility"),
        ({"edits": [Edit("add", items=(SUPER,), lon=float("nan"), lat=39.88)]}, "bad_position"),
        ({"edits": [Edit("add", items=(SUPER,), lon=116.36, lat=39.88)] * 201}, "too_many_edits"),
    ],
)  # fmt: skip
def test_what_is_no_plan_is_refused_and_nothing_is_kept(catalogues: None, more: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        saved(**more)
    assert refused.value.code == code and not Plan.objects.exists()
    with pytest.raises(Missing):
        saved(pace="bicycle")


def test_a_plan_put_away_leaves_the_list_and_can_come_back(catalogues: None) -> None:
    plan = saved()
    write.archive_plan(actor=PLANNER, plan_id=plan)
    assert not read.plans(actor=PLANNER) and read.plans(actor=PLANNER, archived=True)[0].archived
    write.archive_plan(actor=PLANNER, plan_id=plan, archived=False)
    assert [p.id for p in read.plans(actor=PLANNER)] == [plan]


def test_a_plan_put_away_is_no_longer_open_to_whoever_has_its_address(catalogues: None) -> None:
    plan = saved()
    address = write.share_plan(actor=PLANNER, plan_id=plan, on=True)
    write.archive_plan(actor=PLANNER, plan_id=plan)
    with pytest.raises(Missing):
        read.shared(actor=OTHER, share=address)
    with pytest.raises(Conflict) as refused:
        write.share_plan(actor=PLANNER, plan_id=plan, on=True)
    assert refused.value.code == "put_away"
    write.archive_plan(actor=PLANNER, plan_id=plan, archived=False)
    with pytest.raises(Missing):
        read.shared(actor=OTHER, share=address)
    assert write.share_plan(actor=PLANNER, plan_id=plan, on=True) not in ("", address)
    Plan.objects.filter(pk=plan).update(share=address, archived_at=clock.now())  # as an older version left it
    with pytest.raises(Missing):
        read.shared(actor=OTHER, share=address)


# --- what the script sends -----------------------------------------------------------------------------------
@pytest.fixture
def desk(district: Cast, streets: str, catalogues: None) -> Client:
    lon, lat = spot()
    Home.objects.create(code="t1", lon=lon, lat=lat, community=EAST, source="t", provenance="sourced")
    revision.bump()
    return district.client("planner")


def post(client: Client, address: str, body: Any) -> Any:
    return client.post(address, body if isinstance(body, str) else json.dumps(body), content_type="application/json")


ANSWER = "/circle/planner/answer.json"
GOOD: dict[str, Any] = {
    "item": SUPER,
    "pace": "adult",
    "edits": [{"kind": "add", "items": [SUPER], "lon": 116.3594, "lat": 39.8863}],
}


def test_the_answer_to_edits_has_every_community_and_its_state(desk: Client) -> None:
    found = post(desk, ANSWER, GOOD).json()
    assert len(found["states"]) == len(found["share"]) == 261 and set(found["states"].values()) <= {
        "yes",
        "no",
        "missing",
    }
    assert 0 < found["homes"] <= found["of"]
    bare = post(desk, ANSWER, GOOD | {"edits": []}).json()
    assert bare["homes"] == 0 and bare["of"] == found["of"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 422, "bad_json"), ("[1]", 422, "bad_json"), ("[" * 100_000, 422, "bad_json"), ('"x"', 422, "bad_json"),
        (GOOD | {"on": "2999-01-01"}, 422, "bad_date"), (GOOD | {"on": "gestern"}, 422, "bad_date"),
        (GOOD | {"item": "gold"}, 404, "no_such_item"), (GOOD | {"pace": "bicycle"}, 404, "no_pace"),
        (GOOD | {"catalogue": 999999}, 404, "no_catalogue"), (GOOD | {"catalogue": "1.5"}, 422, "bad_number"),
        (GOOD | {"edits": "all"}, 422, "too_many_edits"), (GOOD | {"edits": [7]}, 422, "bad_edit"),
        (GOOD | {"edits": [{"kind": "add", "items": [SUPER], "lon": 10**400, "lat": 39.9}]}, 422, "bad_edit"),
        (GOOD | {"edits": [{"kind": "add", "items": [SUPER], "lon": float("nan"), "lat": 39.9}]}, 422, "bad_position"),
        (GOOD | {"edits": [{"kind": "move", "facility": -1, "lon": 116.36, "lat": 39.9}]}, 422, "bad_number"),
        (GOOD | {"edits": GOOD["edits"] * 201}, 422, "too_many_edits"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_in_words(desk: Client, body: Any, status: int, code: str) -> None:
    answer = post(desk, ANSWER, body)
    assert answer.status_code == status and answer.json()["code"] == code and answer.json()["message"]


def test_tomorrow_is_no_day_of_a_page_either(desk: Client) -> None:
    tomorrow = clock.today() + timedelta(days=1)
    assert desk.get("/circle/planner/item.json", {"item": SUPER, "on": str(tomorrow)}).status_code == 422
    assert desk.get("/circle/planner/", {"on": str(tomorrow)}).status_code == 422


def test_who_may_not_is_turned_away(desk: Client, district: Cast) -> None:
    nobody = Client()
    assert post(nobody, ANSWER, GOOD).status_code in {302, 401, 403}
    auditor = district.client("auditor")
    assert post(auditor, ANSWER, GOOD).status_code == 200
    for address in ("/circle/planner/site.json", "/circle/planner/save.json"):
        assert post(auditor, address, GOOD | {"n": 1, "aim": "most", "name": "x"}).status_code == 403


def test_a_home_that_is_none_is_missing(desk: Client) -> None:
    assert post(desk, "/circle/planner/home.json", GOOD | {"home": 999_999}).status_code == 404
    assert post(desk, "/circle/planner/home.json", GOOD | {"home": True}).status_code == 422


def test_saving_opening_and_sharing_by_the_pages(desk: Client, district: Cast) -> None:
    address = post(desk, "/circle/planner/save.json", GOOD | {"name": "方案甲"}).json()["url"]
    page = desk.get(address)
    assert page.status_code == 200 and "方案甲" in page.content.decode()
    other = district.client("administrator")
    assert other.get(address).status_code == 404
    plan = Plan.objects.get()
    desk.post(f"/circle/plans/{plan.pk}/share", {"on": "1"})
    plan.refresh_from_db()
    shared = other.get(f"/circle/plans/shared/{plan.share}/")
    assert shared.status_code == 200 and "另存" in shared.content.decode()
    assert Client().get(f"/circle/plans/shared/{plan.share}/").status_code in {302, 403}
    assert other.get("/circle/plans/shared/nothing/").status_code == 404


def test_what_is_exported_is_what_is_shown_saved_or_not(desk: Client) -> None:
    lon, lat = spot()
    edits = [{"kind": "add", "items": [SUPER], "lon": lon, "lat": lat, "name": "没有存的"}]
    body = json.dumps(GOOD | {"edits": edits})
    for address, kind in (("/circle/planner/table.xlsx", "spreadsheet"), ("/circle/planner/map.geojson", "geo+json")):
        answer = desk.post(address, {"body": body})
        assert answer.status_code == 200 and kind in answer["Content-Type"]
        assert desk.post(address, {"body": "{"}).status_code == 422
    shares = {
        f["properties"]["share"]
        for f in json.loads(desk.post("/circle/planner/map.geojson", {"body": body}).content)["features"]
    }
    bare = {
        f["properties"]["share"] for f in desk.get("/circle/planner/map.geojson", {"item": SUPER}).json()["features"]
    }
    assert max(s for s in shares if s is not None) > 0 and bare <= {0.0, None}


def test_the_workbook_says_of_each_facility_whether_it_is_simulated_and_where_it_is_known_from(desk: Client) -> None:
    lon, lat = spot()
    facts = one.FacilityFacts(name="牛街超市", scheme="osm", class_key="shop=supermarket", source="演示")
    one.add_facility(actor=PLANNER, facts=facts, lon=lon, lat=lat, opened_on=None, simulated=True)
    edits = [{"kind": "add", "items": [SUPER], "lon": lon, "lat": lat, "name": "没有存的"}]
    answer: Any = desk.post("/circle/planner/table.xlsx", {"body": json.dumps(GOOD | {"edits": edits})})
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    head, *rows = book.worksheets[1].iter_rows(values_only=True)
    assert head[4:] == ("方案里的改动", "模拟数据", "可信程度", "出处", "截至")
    (new,) = [r for r in rows if r[0] == "没有存的"]
    assert new[4:] == ("新增", None, None, None, None), "what a plan puts there is neither simulated nor sourced"
    (there,) = [r for r in rows if r[0] == "牛街超市"]
    assert there[4:8] == (None, "是", "暂定", "演示")
