"""Finding places: against a slow recount, in any order, with everything at one point."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from linli.coordination.clusters import Found, discs, groups, raster, within

POINT = st.tuples(st.integers(0, 2), st.integers(-40, 40), st.integers(-40, 40))


def slowly(ids: list[int], rows: list[tuple[int, int, int]], radius_m: int, least: int) -> list[set[int]]:
    """The same rule, written down naively: the fullest disc, the older middle; take it; again."""
    reach, left = radius_m // 5, set(range(len(rows)))
    found = []
    while True:
        best: tuple[int, int] | None = None
        for i in left:
            near = {
                j for j in left
                if rows[j][0] == rows[i][0] and (rows[j][1] - rows[i][1]) ** 2 + (rows[j][2] - rows[i][2]) ** 2 <= reach**2
            }  # fmt: skip
            mark = (len(near), -ids[i])
            if len(near) >= least and (best is None or mark > best):
                best, members = mark, near
        if best is None:
            return found
        found.append({ids[j] for j in members})
        left -= members


def fast(ids: list[int], rows: list[tuple[int, int, int]], radius_m: int, least: int) -> list[Found]:
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return discs(np.array(ids, dtype=np.int64), table[:, 0], table[:, 1], table[:, 2], radius_m=radius_m, least=least)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(POINT, max_size=40), st.sampled_from([5, 50, 100]), st.integers(2, 5), st.randoms(use_true_random=False)
)
def test_as_a_slow_recount_says_in_any_order(
    rows: list[tuple[int, int, int]], radius_m: int, least: int, chance: random.Random
) -> None:
    ids = list(range(100, 100 + len(rows)))
    chance.shuffle(ids)
    found = fast(ids, rows, radius_m, least)
    members = [{ids[m] for m in f.members} for f in found]
    assert members == slowly(ids, rows, radius_m, least)
    assert [len(m) for m in members] == sorted((len(m) for m in members), reverse=True)
    mixed = list(zip(ids, rows, strict=True))
    chance.shuffle(mixed)
    again = fast([i for i, _r in mixed], [r for _i, r in mixed], radius_m, least)
    assert [{mixed[m][0] for m in f.members} for f in again] == members
    assert [mixed[f.centre][0] for f in again] == [ids[f.centre] for f in found]


def test_a_disc_holds_all_within_its_radius_and_nothing_of_another_class() -> None:
    rows = [(1, 0, 0), (1, 20, 0), (1, 0, 21), (2, 0, 0), (2, 1, 0)]
    (found,) = fast([1, 2, 3, 4, 5], rows, 100, 2)[:1]
    assert found == Found(0, (0, 1))


def test_thousands_at_one_default_point_are_one_place() -> None:
    n = 20_000
    ids, zeros = np.arange(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    (found,) = discs(ids, zeros, zeros, zeros, radius_m=100, least=5)
    assert len(found.members) == n
    assert found.centre == 0


def test_the_raster_is_true_to_half_a_cell() -> None:
    x, y = raster([116.3600, 116.3600 + 0.001], [39.88, 39.88])
    assert abs((x[1] - x[0]) * 5 - 85.3) < 5
    assert y[0] == y[1]
    assert within(x, y, int(x[0]), int(y[0]), 50).tolist() == [True, False]


def test_communities_are_counted_without_a_radius() -> None:
    ids = np.array([7, 3, 5, 9, 1], dtype=np.int64)
    kinds = np.array([1, 1, 1, 2, 1], dtype=np.int64)
    places = ["110102018001", "110102018001", "110102018001", "110102018001", ""]
    assert groups(ids, kinds, places, least=3) == [Found(1, (0, 1, 2))]
    assert groups(ids, kinds, places, least=4) == []
