"""A change on its day on Xicheng's own ground: matters, posts and bodies move, grids at intake stay; and all the way back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from linli.accounts import actions as accounts
from linli.accounts.choices import PostKind
from linli.accounts.models import PostHeld
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid
from linli.flow.models import Journal, Matter
from linli.ground.actions import carrying, changes
from linli.ground.choices import ChangeKind
from linli.ground.mapping import Line
from linli.ground.models import GroundChange
from linli.ground.queries import plans
from linli.organisations import queries as organisations
from linli.response import actions as response
from linli.territory import queries as territory
from linli.testing.fixtures import Cast

FROM, INTO = "110102018", "110102012"  # 牛街、什刹海


def tell(_done: int, _total: int, _words: Any) -> None:
    """Nobody listens."""


def report(division: str, n: int = 1) -> list[int]:
    """Cases in the grids of a division."""
    grids = territory.grid_codes(division)
    found = []
    for i in range(n):
        lon, lat = territory.grid_center(grids[i * len(grids) // n])
        said = response.Report(channel="web", class_code="0102", lon=lon, lat=lat, description="路面有垃圾")
        found.append(response.report_case(actor=SYSTEM, report=said).matter_id)
    return found


@pytest.fixture
def drafted(district: Cast) -> Callable[..., GroundChange]:
    """A change of some lines, approved for today."""

    def make(*lines: Line) -> GroundChange:
        change = changes.open_change(actor=SYSTEM, kind=ChangeKind.BORDERS, name="试改界线")
        changes.put_lines(actor=SYSTEM, change=change, version=1, lines=lines)
        for step in ("submit", "approve"):
            change = changes.change_of(change.pk)
            more = {"effective_on": clock.today()} if step == "submit" else {}
            getattr(changes, step)(actor=SYSTEM, change=change, version=change.matter.version, **more)
        change = changes.change_of(change.pk)
        carrying.start(actor=SYSTEM, change=change, version=change.matter.version)
        return changes.change_of(change.pk)

    return make


def test_a_merged_pair_and_back(drafted: Callable[..., GroundChange], district: Cast) -> None:
    ids = report(FROM, 5) + report(INTO, 3)
    before = dict(Matter.objects.filter(pk__in=ids).values_list("pk", "area"))
    grids = dict(Matter.objects.filter(pk__in=ids).values_list("pk", "grid_at_intake"))
    revision = territory.revision()
    office = next(b for b in organisations.bodies_at([FROM]))
    posts = PostHeld.objects.filter(division__startswith=FROM, valid_to=None).count()
    assert posts
    change = drafted(Line("merge", FROM, INTO))
    facts = carrying.carry_out(change_id=change.pk, tell=tell)
    assert facts["changed"] == 5 and facts["posts"] == posts and facts["unplaced"] == 0
    assert territory.division(FROM) is None and territory.revision() != revision
    rows = {m.pk: m for m in Matter.objects.filter(pk__in=ids)}
    moved = [rows[pk] for pk in ids[:5]]
    assert all(m.subdistrict == INTO and m.area.startswith(INTO) and m.community in ("", m.area) for m in moved)
    assert all(territory.division(m.area) is not None for m in rows.values())
    assert {pk: m.grid_at_intake for pk, m in rows.items()} == grids
    assert [rows[pk].area for pk in ids[5:]] == [before[pk] for pk in ids[5:]]
    here = organisations.body(office.id)
    assert here is not None and here.division == INTO
    assert not PostHeld.objects.filter(division__startswith=FROM, valid_to=None).exists()
    line = Journal.objects.filter(matter_id=change.pk).order_by("-seq")[0]
    assert line.verb == "finish" and facts["digest"] in line.body

    # under the new borders: one on the ground that goes back, one on the ground that stays
    since = report(rows[ids[0]].area) + report(before[ids[5]])
    change = changes.change_of(change.pk)
    carrying.start_undo(actor=SYSTEM, change=change, version=change.matter.version, reason="改错了")
    back = carrying.undo(change_id=change.pk, tell=tell)
    assert back["changed"] == 6 and back["left"] == 0
    now = dict(Matter.objects.filter(pk__in=since).values_list("pk", "subdistrict"))
    assert now == {since[0]: FROM, since[1]: INTO}
    assert all(territory.division(area) for area in Matter.objects.filter(pk__in=since).values_list("area", flat=True))
    assert territory.revision() == revision
    assert dict(Matter.objects.filter(pk__in=ids).values_list("pk", "area")) == before
    assert PostHeld.objects.filter(division__startswith=FROM, valid_to=None).count() == posts
    there = organisations.body(office.id)
    assert there is not None and there.division == FROM
    assert changes.change_of(change.pk).matter.stage == "undone"


def test_a_moved_border_takes_the_matters_of_its_cells_by_their_points(drafted: Callable[..., GroundChange]) -> None:
    community = next(d.code for d in territory.divisions(12, FROM) if len(territory.grid_codes(d.code)) > 6)
    other = next(d.code for d in territory.divisions(12, FROM) if d.code != community and territory.grid_codes(d.code))
    cells = territory.grid_codes(community)
    ids = report(community, len(cells))
    gone = cells[: len(cells) // 2]
    change = drafted(*[Line("cell", code, other) for code in gone])
    facts = carrying.carry_out(change_id=change.pk, tell=tell)
    rows = Matter.objects.filter(pk__in=ids).values_list("grid_at_intake", "community")
    assert facts["changed"] == len(gone)
    assert all((grid in gone) == (now == other) for grid, now in rows)


def test_killed_between_two_parts_it_goes_on(
    drafted: Callable[..., GroundChange], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flip is done once; what was carried is not carried again."""
    ids = report(FROM, 4)
    change = drafted(Line("merge", FROM, INTO))
    real, calls = accounts.move_posts, []

    def broken(**asked: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("killed")
        return real(**asked)

    monkeypatch.setattr(accounts, "move_posts", broken)
    with pytest.raises(RuntimeError):
        carrying.carry_out(change_id=change.pk, tell=tell)
    turn = changes.change_of(change.pk).turn
    assert turn and "bodies" in changes.change_of(change.pk).said["carried"]
    facts = carrying.carry_out(change_id=change.pk, tell=tell)
    assert facts["changed"] == 4 and changes.change_of(change.pk).turn == turn
    assert Matter.objects.filter(pk__in=ids, subdistrict=INTO).count() == 4


def test_only_the_last_change_can_be_undone(drafted: Callable[..., GroundChange]) -> None:
    first = drafted(Line("merge", FROM, INTO))
    carrying.carry_out(change_id=first.pk, tell=tell)
    second = drafted(Line("rename", INTO, INTO, "新街口新街道"))
    carrying.carry_out(change_id=second.pk, tell=tell)
    first = changes.change_of(first.pk)
    assert not carrying.can_be_undone(first) and carrying.can_be_undone(changes.change_of(second.pk))
    with pytest.raises(Conflict) as late:
        carrying.start_undo(actor=SYSTEM, change=first, version=first.matter.version, reason="想撤销")
    assert late.value.code == "not_the_last"


def test_who_submits_does_not_approve(district: Cast) -> None:
    admin = district.actor("administrator")
    change = changes.open_change(actor=admin, kind=ChangeKind.BORDERS, name="两人")
    changes.put_lines(actor=admin, change=change, version=1, lines=[Line("rename", INTO, INTO, "另一个名")])
    change = changes.change_of(change.pk)
    changes.submit(actor=admin, change=change, version=2, effective_on=clock.today() + timedelta(days=3))
    change = changes.change_of(change.pk)
    with pytest.raises(Forbidden) as own:
        changes.approve(actor=admin, change=change, version=change.matter.version)
    assert own.value.code == "own_draft"
    changes.approve(actor=district.actor("chief"), change=change, version=change.matter.version)
    change = changes.change_of(change.pk)
    with pytest.raises(Conflict) as early:
        carrying.start(actor=SYSTEM, change=change, version=change.matter.version)
    assert early.value.code == "not_yet" and carrying.begin_due() == 0


def test_bad_changes_say_where(district: Cast) -> None:
    change = changes.open_change(actor=SYSTEM, kind=ChangeKind.BORDERS, name="坏的")
    lines = [Line("merge", "110102999", INTO), Line("new", "", "110102050", "空街道")]
    found = changes.put_lines(actor=SYSTEM, change=change, version=1, lines=lines)
    assert [p.code for p in found.problems] == ["unknown_code"]
    change = changes.change_of(change.pk)
    with pytest.raises(Invalid) as wrong:
        changes.submit(actor=SYSTEM, change=change, version=2, effective_on=clock.today())
    assert "line-1-old" in wrong.value.fields
    with pytest.raises(Invalid) as past:
        changes.submit(actor=SYSTEM, change=change, version=2, effective_on=clock.today() - timedelta(days=1))
    assert past.value.code == "bad_day"
    with pytest.raises(Conflict):
        changes.put_lines(actor=SYSTEM, change=change, version=1, lines=lines)


def test_the_preview_counts_what_moves(district: Cast) -> None:
    report(FROM, 3)
    change = changes.open_change(actor=SYSTEM, kind=ChangeKind.BORDERS, name="预览")
    found = plans.plan(change, [Line("merge", FROM, INTO)])
    count = plans.impact(actor=SYSTEM, found=found)
    assert count.open == 3 and count.ended == 0 and not count.parted
    held = PostHeld.objects.filter(division__in=list(found.moves.codes), valid_to=None)
    assert count.posts == held.count() > 0
    assert PostKind.SUBDISTRICT_CHIEF in set(held.values_list("kind", flat=True))
