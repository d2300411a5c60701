"""The worked example of docs/methods/borders.md: 宣武 goes into 西城 (2010-07), on the pack's ground, and back again."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest
from django.conf import settings

from linli.accounts.models import PostHeld
from linli.core.actor import SYSTEM
from linli.flow.models import Matter
from linli.ground.actions import carrying, changes
from linli.ground.mapping import Line
from linli.ground.models import GroundChange
from linli.ground.queries import plans
from linli.organisations import queries as organisations
from linli.territory import queries as territory
from linli.testing.fixtures import Cast

from .test_carrying import drafted, report, tell

__all__ = ["drafted"]
NEW, GONE = "110102", "110104"
pytestmark = pytest.mark.slow


def table() -> list[dict[str, str]]:
    with (settings.PACK / "borders_2010.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def merger() -> list[Line]:
    """2010-07: eight subdistricts under new codes, one district instead of two."""
    return [Line(r["kind"], r["old"], r["new"]) for r in table()]


def before_it() -> list[Line]:
    """The way into the past: 宣武 as a district of its own, with its eight subdistricts."""
    recoded = [Line("recode", r["new"], r["old"]) for r in table() if r["kind"] == "recode"]
    return [Line("new", "", GONE, "宣武区"), *recoded]


def test_the_table_is_whole_and_says_how_far_to_trust_it(district: Cast) -> None:
    rows = table()
    assert (
        len(rows) == 9
        and {r["provenance"] for r in rows} == {"sourced", "provisional"}
        and all(r["source"] for r in rows)
    )
    for row in rows[:8]:
        assert territory.division_name(row["new"]) == row["name"]
    assert [r["old"] for r in rows[:8]] == sorted(r["old"] for r in rows[:8])


def test_two_districts_become_one_and_two_again(drafted: Callable[..., GroundChange], district: Cast) -> None:
    past = drafted(*before_it())
    carrying.carry_out(change_id=past.pk, tell=tell)
    assert {d.code for d in territory.districts()} == {NEW, GONE} and territory.district().code == NEW
    assert territory.division("110104006") is not None and territory.division("110102018") is None
    assert PostHeld.objects.filter(division__startswith=GONE, valid_to=None).exists()

    theirs, ours = report("110104006", 4) + report("110104008", 2), report("110102012", 3)
    rows = {m.pk: m for m in Matter.objects.filter(pk__in=theirs + ours)}
    assert all(rows[pk].area.startswith(GONE) and rows[pk].grid_at_intake.startswith(GONE) for pk in theirs)
    intake = {pk: m.grid_at_intake for pk, m in rows.items()}
    areas = {pk: m.area for pk, m in rows.items()}
    posts = PostHeld.objects.filter(division__startswith=GONE, valid_to=None).count()
    offices = {b.id: b.division for code in ("110104006", "110104008") for b in organisations.bodies_at([code])}
    revision = territory.revision()

    change = drafted(*merger())
    assert set(plans.plan(change).moves.touched) == {GONE}
    done = carrying.carry_out(change_id=change.pk, tell=tell)
    assert done["changed"] == len(theirs) and done["unplaced"] == 0
    assert {d.code for d in territory.districts()} == {NEW} and len(territory.divisions(9)) == 15
    rows = {m.pk: m for m in Matter.objects.filter(pk__in=theirs + ours)}
    new = {r["old"]: r["new"] for r in table()}
    for pk in theirs:
        assert rows[pk].area == new[areas[pk][:9]] + areas[pk][9:]  # serials below the subdistrict are kept
        assert rows[pk].subdistrict == rows[pk].area[:9] and territory.division(rows[pk].area) is not None
    assert {pk: rows[pk].area for pk in ours} == {pk: areas[pk] for pk in ours}
    assert {pk: m.grid_at_intake for pk, m in rows.items()} == intake
    assert not PostHeld.objects.filter(division__startswith=GONE, valid_to=None).exists() and done["posts"] == posts
    for pk, division in offices.items():
        body = organisations.body(pk)
        assert body is not None and body.division == new[division[:9]] + division[9:]

    change = changes.change_of(change.pk)
    carrying.start_undo(actor=SYSTEM, change=change, version=change.matter.version, reason="试验完毕")
    back = carrying.undo(change_id=change.pk, tell=tell)
    assert back["changed"] == len(theirs) and back["left"] == 0 and territory.revision() == revision
    assert dict(Matter.objects.filter(pk__in=areas).values_list("pk", "area")) == areas
    assert PostHeld.objects.filter(division__startswith=GONE, valid_to=None).count() == posts
