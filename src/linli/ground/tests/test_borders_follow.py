"""What other rooms hold of divisions: counted before, carried afterwards, put back by an undo; facts of their time stay."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from linli.circle.actions import follow_territory
from linli.circle.models import Facility
from linli.config.wiring import wire
from linli.coordination.models import Campaign, DutySlot, Shift
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.ground import hooks
from linli.organisations import queries as organisations
from linli.response.models import RouteRule, RouteTable
from linli.response.queries import routing
from linli.testing.fixtures import Cast
from linli.worktime import actions as worktime
from linli.worktime import queries as worktime_reads


@pytest.fixture(autouse=True)
def wired() -> None:
    wire()


FROM, INTO = "110102018", "110102012"
CODES = {FROM: INTO, f"{FROM}001": f"{INTO}090"}


def carried() -> dict[str, object]:
    """What the job does after the flip, room by room."""
    kept = {}
    for name, (carry, _back) in hooks.carriers().items():
        with transaction.atomic():
            kept[name] = carry(SYSTEM, CODES)
    routing.forget()
    return kept


def put_back(kept: dict[str, object]) -> None:
    for name in reversed(list(kept)):
        with transaction.atomic():
            hooks.carriers()[name][1](SYSTEM, kept[name])
    routing.forget()


def rules_naming(code: str) -> int:
    return sum(code in r.divisions for r in routing.rules_of(routing.in_force().id))


def test_the_routing_table_names_what_took_the_place(district: Cast) -> None:
    naming, other = rules_naming(FROM), rules_naming(INTO)
    assert naming
    before = routing.in_force().number
    assert any(h.count == naming and h.carried for h in hooks.held(SYSTEM, CODES))
    kept = carried()
    assert rules_naming(FROM) == 0 and rules_naming(INTO) == naming + other
    assert routing.in_force().number != before
    put_back(kept)
    assert rules_naming(FROM) == naming and rules_naming(INTO) == other
    assert RouteTable.objects.filter(state="published").count() == 1
    assert RouteRule.objects.filter(table__number=before).count() > 0  # what was in force then stays readable


def test_a_table_published_meanwhile_is_not_taken_back(district: Cast) -> None:
    from linli.response.actions import routing as tables

    kept = carried()
    draft = tables.begin_draft(actor=SYSTEM)
    tables.delete_rule(actor=SYSTEM, expected=draft.revision, order=1)
    made = tables.publish(actor=SYSTEM, expected=draft.revision + 1)
    put_back(kept)
    assert routing.in_force().number == made.number


def test_a_draft_that_somebody_is_at_stays_theirs(district: Cast) -> None:
    from linli.response.actions import routing as tables

    draft = tables.begin_draft(actor=SYSTEM)
    carried()
    draft.refresh_from_db()
    assert draft.state == "draft"
    assert any(not h.carried and h.count for h in hooks.held(SYSTEM, CODES))


def test_hours_of_a_division_follow(district: Cast) -> None:
    day = clock.today() + timedelta(days=1)
    done = worktime.set_hours(actor=SYSTEM, valid_from=day, spans="08:00-12:00", expected=0, division=FROM)
    assert any("街道" in "".join(h.examples) for h in hooks.held(SYSTEM, CODES))
    kept = carried()
    assert set(worktime_reads.local(done.revision + 1)) == {INTO}
    put_back(kept)
    assert set(worktime_reads.local(done.revision + 2)) == {FROM}


def test_hours_of_the_division_that_takes_in_are_kept(district: Cast) -> None:
    day = clock.today() + timedelta(days=1)
    worktime.set_hours(actor=SYSTEM, valid_from=day, spans="08:00-12:00", expected=0, division=FROM)
    worktime.set_hours(actor=SYSTEM, valid_from=day, spans="09:00-12:00", expected=1, division=INTO)
    own = worktime_reads.local(2)[INTO]
    carried()
    assert worktime_reads.local(3) == {INTO: own}


def test_campaigns_and_rosters_follow(district: Cast) -> None:
    campaign = Campaign.objects.create(
        name="清理", classes="01", divisions=f"{FROM} {INTO}", first_day=date(2026, 1, 1), last_day=date(2026, 12, 31),
        state="running", made_by="system", made_at=clock.now(),
    )  # fmt: skip
    shift = Shift.objects.create(
        division=FROM, code="day", name="白班", name_en="Day", starts=time(8), ends=time(18), provenance="provisional"
    )
    body = organisations.bodies_at([FROM])[0]
    slot = DutySlot.objects.create(
        division=FROM, day=clock.today(), shift=shift, body_id=body.id, changed_by="system", changed_at=clock.now()
    )
    kept = carried()
    campaign.refresh_from_db()
    slot.refresh_from_db()
    assert campaign.divisions == INTO and slot.division == INTO
    put_back(kept)
    campaign.refresh_from_db()
    slot.refresh_from_db()
    assert campaign.divisions == f"{FROM} {INTO}" and slot.division == FROM


def test_two_rosters_are_not_made_one(district: Cast) -> None:
    for division in (FROM, INTO):
        Shift.objects.create(
            division=division, code="day", name="白班", name_en="Day", starts=time(8), ends=time(18), provenance="provisional"
        )  # fmt: skip
    carried()
    assert set(Shift.objects.values_list("division", flat=True)) >= {FROM, INTO}


def test_counting_writes_nothing_and_nothing_held_is_an_empty_list(district: Cast) -> None:
    before = RouteTable.objects.count()
    assert hooks.held(SYSTEM, {"110102999": "110102998"}) == []
    hooks.held(SYSTEM, CODES)
    assert RouteTable.objects.count() == before


@pytest.mark.slow
def test_facilities_follow_new_borders_by_their_points(district: Cast) -> None:
    """After a flip the duty `editions` puts facilities under the codes that their ground has now."""
    from linli.ground.mapping import Line, mapped
    from linli.territory import actions as territory_actions
    from linli.territory import queries as territory

    community = next(d.code for d in territory.divisions(12, FROM) if territory.grid_codes(d.code))
    lon, lat = territory.grid_center(territory.grid_codes(community)[0])
    facility = Facility.objects.create(
        code="osm:n1", name="菜市场", scheme="osm", class_key="shop=greengrocer", lon=lon, lat=lat, community=community,
        source="试", provenance="provisional", district="110102", as_of="2026-01-01",
    )  # fmt: skip
    found = mapped([Line("merge", FROM, INTO)], territory.live_layers())
    territory_actions.put_layers(
        actor=SYSTEM, layers=found.layers, note="试", expected_revision=territory.revision(), with_tiles=False
    )
    follow_territory(actor=SYSTEM)
    facility.refresh_from_db()
    assert facility.community == found.moves.codes[community]


HOLDS = {"division", "divisions", "subdistrict", "community", "area", "grid_at_intake", "district", "scope", "local"}


def test_every_field_that_holds_a_division_is_accounted_for() -> None:
    """docs/methods/borders.md says of each whether it follows, stays or is counted."""
    from django.apps import apps

    told = (Path(settings.PACK).parents[1] / "docs" / "methods" / "borders.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z]+\.[A-Z]\w+\.\w+)`", told))
    models = [m for config in apps.get_app_configs() if config.name.startswith("linli.") for m in config.get_models()]
    real = {f"{m._meta.app_label}.{m.__name__}.{f.name}" for m in models for f in m._meta.concrete_fields}
    held = {name for name in real if name.rsplit(".", 1)[1] in HOLDS}
    assert not held - named, f"say in docs/methods/borders.md what becomes of {sorted(held - named)}"
    assert not named - real, f"docs/methods/borders.md names what is not there: {sorted(named - real)}"
