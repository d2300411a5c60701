"""Rows, statements, reasons and changes of a matrix: small ones by hand, and the real one of a few streets."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest

from linli.circle import drawing, rules
from linli.circle.actions import catalogue as catalogue_actions
from linli.circle.actions import load
from linli.circle.queries import catalogue as catalogues
from linli.circle.queries import cells
from linli.circle.queries import coverage as read
from linli.circle.queries.coverage import Coverage
from linli.circle.rules import APART, MISSING, NO, YES, Matrix
from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Forbidden, Missing

from .conftest import AUDITOR, EAST

AREA = json.dumps({"features": [{"properties": {"osm_id": "a1", "name": "牛街小区"}, "geometry": {
    "type": "Polygon", "coordinates": [[[116.2, 39.7], [116.201, 39.7], [116.201, 39.701], [116.2, 39.7]]]}}]})  # fmt: skip
M, N, Y, A = MISSING, NO, YES, APART


@pytest.mark.parametrize(
    ("row", "whole"),
    [((Y, Y), Y), ((Y, N), N), ((Y, M), M), ((N, M), N), ((A, Y), Y), ((A, M), M), ((A, A), A), ((A, N), N)],
)
def test_a_no_settles_the_whole_and_a_gap_leaves_it_open(row: tuple[int, int], whole: int) -> None:
    assert rules.all_of(np.array([row], np.int8)).tolist() == [whole]


def matrix(state: list[list[int]], homes: list[int], value: list[list[float]]) -> Coverage:
    """Communities 110102018001, ... by the two sub-items 010101 and 010102 under 0101 under 01."""
    items = tuple(
        catalogues.ItemView(c, c[:-2], len(c) // 2, c, "", "", "walk", "", None, None, True, "sourced", "")
        for c in ("01", "0101", "010101", "010102")
    )
    view = catalogues.CatalogueView(
        1, "c", "services", "c", "", "published", None, None, "sourced", "", items, {i.code: i for i in items},
        {"01": ("0101",), "0101": ("010101", "010102")},
    )  # fmt: skip
    known = np.array(state) != M
    return Coverage(
        Matrix.REACHABLE, view, date(2026, 1, 1), tuple(f"11010201800{n}" for n in range(1, len(state) + 1)), items[2:], (),
        np.array(state, np.int8), np.array(value, float), known, np.array(homes),
    )  # fmt: skip


def test_rows_count_communities_that_have_all_below_and_homes_by_their_number() -> None:
    nan = float("nan")
    of = matrix([[Y, Y], [Y, N], [Y, M], [M, M]], [3, 1, 0, 0], [[100, 100], [100, 0], [nan, nan], [nan, nan]])
    top, item, first, second = read.rows(of, 3)
    assert (top.yes, top.no, top.missing, top.below) == (1, 1, 2, 2) and (item.yes, item.no) == (1, 1)
    assert (first.yes, first.no, first.missing) == (3, 0, 1) and (second.yes, second.no, second.missing) == (1, 1, 2)
    assert first.homes == 100.0 and second.homes == 75.0 and top.homes == 87.5
    assert first.cells == 75.0 and second.cells == 25.0 and first.known == 75.0 and (first.gaps, second.gaps) == (1, 2)
    assert [r.total for r in read.rows(of, 3, "110102018001")] == [1, 1, 1, 1]
    assert read.rows(of, 3, "110102099")[0].cells is None
    everywhere, complete, lived, _complete_lived = read.statements(of)
    assert (everywhere.number, everywhere.among, everywhere.missing) == (0, 1, 1)
    assert (complete.number, complete.among, complete.missing) == (1, 2, 2)
    assert (lived.number, lived.among) == (1, 2)


def test_what_came_and_what_went_between_two_days() -> None:
    then = matrix([[Y, N], [M, Y]], [1, 1], [[100, 0], [0, 100]])
    now = matrix([[Y, Y], [Y, N]], [1, 1], [[100, 100], [100, 0]])
    changed = {c.item.code: (c.then, c.now, c.gained, c.lost) for c in read.between(then, now)}
    assert changed == {
        "010101": (1, 2, ("110102018002",), ()),
        "010102": (1, 1, ("110102018001",), ("110102018002",)),
    }
    assert read.between(now, now) == []


def test_the_least_come_first_and_gaps_last() -> None:
    of = matrix([[Y, Y], [N, N], [M, Y]], [1, 1, 0], [[100, 100], [20, 0], [float("nan"), 100]])
    assert read.sorted_communities(of, "", "010101", [0, 1]) == [1, 0, 2]
    assert read.sorted_communities(of, "", "yes", [0, 1]) == [1, 2, 0]
    assert read.sorted_communities(of, "", "nonsense", [0, 1]) == [0, 1, 2]


@pytest.fixture
def lived(facilities: int, streets: str) -> None:
    """Homes of the base grid on four streets."""
    load.load_homes(actor=SYSTEM, areas=AREA, source="test")


@pytest.mark.django_db
class TestOnStreets:
    def of(self) -> Coverage:
        return read.coverage(actor=AUDITOR, matrix=Matrix.REACHABLE, on=clock.today())

    def test_nothing_is_a_no_before_it_is_known_to_be_complete(self, lived: None) -> None:
        of = self.of()
        assert (of.state != NO).all() and (of.state[of.homes == 0] == MISSING).all()
        code = next(i for i in of.items if of.state[of.communities.index(EAST), of.columns(i.code)[0]] == MISSING).code
        assert "没有查全" in read.why_missing(of, EAST, code)
        catalogue_actions.set_completeness(
            actor=SYSTEM, kind="services", items=[code], communities=[EAST], state="complete", as_of=clock.today(), source="普查"
        )  # fmt: skip
        after = self.of()
        at = after.communities.index(EAST), after.columns(code)[0]
        assert after.state[at] == NO and read.why_missing(after, EAST, code) == ""
        bare = after.communities[int(np.flatnonzero(after.homes == 0)[0])]
        assert "没有" in read.why_missing(after, bare, code)

    def test_a_cell_says_how_far_each_home_walks_and_to_what(self, lived: None) -> None:
        of = self.of()
        for item in of.items:
            found = cells.cell(
                actor=AUDITOR, catalogue_id=of.catalogue.id, item=item.code, pace="", on=of.on, community=EAST
            )
            at = of.communities.index(EAST), of.columns(item.code)[0]
            assert len(found.homes) == of.homes[at[0]]
            assert of.reach is not None
            share = 100 * found.reached / len(found.homes)
            assert share == pytest.approx(of.value[at])
            for h in found.homes:
                assert (h.nearest_m is None) == (h.facility is None) == (h.count == 0)
                assert h.second_m is None or (h.nearest_m is not None and h.nearest_m <= h.second_m <= found.cap_m)

    def test_what_is_left_out_is_named(self, lived: None) -> None:
        found = cells.left_out(actor=AUDITOR, on=clock.today())
        assert 0 < len(found.facilities) < found.facilities_all and 0 < len(found.homes) < found.homes_all

    def test_the_drawing_has_streets_a_boundary_and_homes(self, lived: None) -> None:
        svg = drawing.community(EAST, clock.today())
        assert svg.startswith("<svg") and svg.count("<path") >= 3 and "<circle" in svg and "牛街东里" in svg
        assert "style=" not in svg  # the page allows none

    def test_who_may_not_read_gets_nothing(self, lived: None) -> None:
        nobody = Actor("resident")
        with pytest.raises(Forbidden):
            read.coverage(actor=nobody, matrix=Matrix.REACHABLE, on=clock.today())
        with pytest.raises(Forbidden):
            cells.left_out(actor=nobody, on=clock.today())

    def test_without_a_survey_there_is_no_provided_matrix(self, lived: None) -> None:
        with pytest.raises(Missing) as why:
            read.coverage(actor=AUDITOR, matrix=Matrix.PROVIDED, on=clock.today())
        assert why.value.code == "no_survey"
