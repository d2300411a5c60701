"""A draft of a grid from the grid in force to its day: designed, edited, taken back, published, undone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid
from linli.ground.actions import carrying, changes, designs, edits
from linli.ground.actions.edits import Asked
from linli.ground.models import DraftCell, DraftEdit, GroundChange
from linli.ground.queries import draft_shapes as read
from linli.ground.queries.designs import mapped_draft
from linli.ground.tests.test_carrying import report, tell
from linli.jobs.models import Job
from linli.jobs.runner import run_job
from linli.territory import queries as territory
from linli.testing.fixtures import Cast
from linli_engines.ground import to_degrees

SCOPE = "110102018"


def again(change: GroundChange) -> GroundChange:
    return changes.change_of(change.pk)


def designed(change: GroundChange, target: int = 22_000, actor: Any = SYSTEM) -> GroundChange:
    """The draft divided anew, as its job does."""
    change = again(change)
    designs.ask_for_design(
        actor=actor, change=change, version=change.matter.version, target_m2=target, kinds=["main", "minor"],
        width_m=30, smallest=35,
    )  # fmt: skip
    job = Job.objects.get(kind="ground.design", params__change=change.pk, params__version=change.matter.version)
    if job.state == "queued":
        run_job.call(str(job.pk))
    job.refresh_from_db()
    assert job.state == "done", job.error
    return again(change)


def do(change: GroundChange, kind: str, *codes: str, **more: Any) -> edits.Done:
    change = again(change)
    return edits.edit(actor=SYSTEM, change=change, version=change.matter.version, asked=Asked(kind, codes, **more))


def tiles(change: GroundChange) -> dict[str, Any]:
    """The draft's cells, which fill the ground of the grid in force without gap or overlap."""
    cells = read.draft_shapes(change.pk)
    held = np.array(list(cells.values()), dtype=object)
    assert shapely.coverage_is_valid(held)
    ground = shapely.coverage_union_all(np.array(list(read.live_shapes(change.draft.scope).values()), dtype=object))
    assert shapely.coverage_union_all(held).symmetric_difference(ground).area < 1.5 * ground.length
    return cells


def test_a_draft_begins_as_the_grid_in_force(district: Cast) -> None:
    change = designs.open_draft(actor=district.actor("planner"), name="牛街网格", scope=SCOPE)
    assert set(tiles(change)) == set(territory.grid_codes(SCOPE) or territory.cells(SCOPE))
    assert set(DraftCell.objects.filter(draft=change.draft).values_list("origin", flat=True)) == {"kept"}
    found = mapped_draft(change)
    assert not found.layers and not found.problems


def test_designed_edited_published_and_undone(district: Cast) -> None:
    ids = report(SCOPE, 6)
    planner, chief = district.actor("planner"), district.actor("chief")
    change = designed(designs.open_draft(actor=planner, name="牛街重划", scope=SCOPE), actor=planner)
    assert change.draft.report["count"] == len(tiles(change)) and change.draft.report["tiles"]
    halved = sorted(read.draft_shapes(change.pk))[3]
    done = do(change, "split", halved)
    assert len(done.changed) >= 2 and halved in done.changed
    tiles(change)
    change = again(change)
    changes.submit(actor=planner, change=change, version=change.matter.version, effective_on=clock.today())
    change = again(change)
    with pytest.raises(Conflict):
        do(change, "split", halved)
    with pytest.raises(Forbidden):
        changes.approve(actor=planner, change=change, version=change.matter.version)
    changes.approve(actor=chief, change=change, version=change.matter.version)
    change = again(change)
    before = territory.revision()
    grids = dict(territory.cells(SCOPE))
    carrying.start(actor=SYSTEM, change=change, version=change.matter.version)
    change = again(change)
    if change.matter.stage == "carrying":
        carrying.carry_out(change_id=change.pk, tell=tell)
    assert set(territory.cells(SCOPE)) == set(read.draft_shapes(change.pk))
    whole = np.array(list(territory.cells().values()), dtype=object)
    assert shapely.coverage_is_valid(whole)
    assert again(change).matter.stage == "in_force" and len(ids) == 6
    change = again(change)
    carrying.start_undo(actor=chief, change=change, version=change.matter.version, reason="试过了")
    if again(change).matter.stage == "undoing":
        carrying.undo(change_id=change.pk, tell=tell)
    assert territory.revision() == before and set(territory.cells(SCOPE)) == set(grids)


def test_every_step_is_taken_back_and_done_again(district: Cast) -> None:
    change = designs.open_draft(actor=SYSTEM, name="一步一步", scope="110102018001")
    first = read.draft_shapes(change.pk)
    codes = sorted(first)
    do(change, "split", codes[0])
    do(change, "split", codes[1])
    last = read.draft_shapes(change.pk)
    new = sorted(set(last) - set(first))
    assert len(new) == 2
    for _n in range(2):
        row = again(change)
        done = edits.undo(actor=SYSTEM, change=row, version=row.matter.version)
    assert read.draft_shapes(change.pk) == first and done.edits == 0 and done.top == 2
    with pytest.raises(Conflict) as nothing:
        edits.undo(actor=SYSTEM, change=again(change), version=again(change).matter.version)
    assert nothing.value.code == "nothing_to_undo"
    for _n in range(2):
        row = again(change)
        edits.redo(actor=SYSTEM, change=row, version=row.matter.version)
    assert read.draft_shapes(change.pk) == last
    row = again(change)
    edits.undo(actor=SYSTEM, change=row, version=row.matter.version)
    do(change, "split", codes[2])
    assert DraftEdit.objects.filter(draft=change.draft).count() == 2
    assert not set(read.draft_shapes(change.pk)) & {new[1]} - set(first), (
        "a code once drawn is not given to other ground"
    )


def test_of_two_who_edit_the_second_is_told(district: Cast) -> None:
    change = designs.open_draft(actor=SYSTEM, name="两人", scope="110102018001")
    codes = sorted(read.draft_shapes(change.pk))
    mine, other = again(change), again(change)
    edits.edit(actor=SYSTEM, change=mine, version=mine.matter.version, asked=Asked("split", (codes[0],)))
    with pytest.raises(Conflict):
        edits.edit(actor=SYSTEM, change=other, version=other.matter.version, asked=Asked("split", (codes[1],)))
    assert len(read.draft_shapes(change.pk)) == len(codes) + 1


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (Asked("split", ("110102018001999",)), "unknown"),
        (Asked("split", ("{0}",), line=((1, 1), (1, 1))), "line_invalid"),
        (Asked("split", ("{0}",), line=((0, 0), (10, 10))), "line_does_not_cut"),
        (Asked("merge", ("{0}",)), "too_few"),
        (Asked("border", ("{0}",)), "too_few"),
        (Asked("corner", at=((1, 1),), to=(2, 2)), "no_vertex"),
        (Asked("corner"), "no_vertex"),
        (Asked("bend", at=((1, 1),), to=(2, 2)), "no_vertex"),
        (Asked("melt", ("{0}",)), "bad_edit"),
    ],
)  # fmt: skip
def test_bad_edits_change_nothing_and_say_why(district: Cast, asked: Asked, code: str) -> None:
    change = designs.open_draft(actor=SYSTEM, name="坏的", scope="110102018001")
    before = read.draft_shapes(change.pk)
    codes = tuple(c.format(*sorted(before)) for c in asked.codes)
    asked = Asked(asked.kind, codes, asked.line, asked.at, asked.to)
    with pytest.raises(Invalid) as wrong:
        edits.edit(actor=SYSTEM, change=again(change), version=1, asked=asked)
    assert wrong.value.code == code and str(wrong.value.message)
    assert read.draft_shapes(change.pk) == before and again(change).matter.version == 1


def test_random_edits_keep_the_ground_whole_and_codes_where_they_are(district: Cast) -> None:
    """Splits, merges and corners at random; then 100,000 points, those on borders too, lie in the cell the locator says."""
    rng = np.random.default_rng(7)
    change = designed(designs.open_draft(actor=SYSTEM, name="乱改", scope=SCOPE))
    done = 0
    for _n in range(60):
        before = read.draft_shapes(change.pk)
        code = str(rng.choice(sorted(before)))
        corner = shapely.get_coordinates(before[code])[int(rng.integers(4))]
        near = [c for c in before if c != code and before[c].touches(before[code])]
        at = (round(corner[0]), round(corner[1]))
        shifted = (at[0] + int(rng.integers(-300, 300)), at[1] + int(rng.integers(-300, 300)))
        asked = [
            Asked("split", (code,)), Asked("merge", (code, str(rng.choice(near)))), Asked("corner", at=(at,), to=shifted),
        ][int(rng.integers(3))]  # fmt: skip
        try:
            answer = edits.edit(actor=SYSTEM, change=again(change), version=again(change).matter.version, asked=asked)
        except Invalid:
            assert read.draft_shapes(change.pk) == before
            continue
        done += 1
        after = read.draft_shapes(change.pk)
        untouched = set(before) - set(answer.changed) - set(answer.gone)
        assert all(after[c].equals_exact(before[c], 0) for c in untouched)
    assert done > 20
    cells = tiles(change)
    held = np.array(list(cells.values()), dtype=object)
    x0, y0, x1, y1 = shapely.total_bounds(held)
    xy = np.rint(np.column_stack((rng.uniform(x0, x1, 100_000), rng.uniform(y0, y1, 100_000))))
    corners = shapely.get_coordinates(held)
    xy[:5_000] = corners[rng.integers(len(corners), size=5_000)]
    at, which = shapely.STRtree(held).query(shapely.points(xy), predicate="intersects")
    first = np.full(len(xy), len(held))
    np.minimum.at(first, at, which)
    found = territory.locator_for({c: to_degrees(s) for c, s in cells.items()})
    located = found.locate_many(xy[:, 0] / 1e7, xy[:, 1] / 1e7)
    assert (located == np.where(first == len(held), -1, first)).all()


def test_whose_draft_it_is(district: Cast) -> None:
    with pytest.raises(Forbidden):
        designs.open_draft(actor=district.actor("dispatcher"), name="别人", scope=SCOPE)
    for scope in ("", "999", "110102018001001"):
        with pytest.raises(Invalid):
            designs.open_draft(actor=SYSTEM, name="没有", scope=scope)
    with pytest.raises(Invalid):
        designs.open_draft(actor=SYSTEM, name="太小", scope=SCOPE, target_m2=10)
