"""What may be shown: no group too small, and none that can be had by subtracting."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from linli.circle.suppression import shown

LEAST = 30


def tree(*counts: dict[str, int]) -> tuple[dict[str, int], dict[str, str]]:
    """Subdistricts A, B, … with communities A1, A2, … under the district D."""
    parents = {"D": ""}
    leaves: dict[str, int] = {}
    for letter, mine in zip("ABCDEFG", counts, strict=False):
        parents[f"s{letter}"] = "D"
        for name, n in mine.items():
            parents[f"{letter}{name}"] = f"s{letter}"
            leaves[f"{letter}{name}"] = n
    return leaves, parents


def test_one_small_group_takes_a_second_with_it() -> None:
    leaves, parents = tree({"1": 40, "2": 50, "3": 10})
    found = shown(leaves, parents, LEAST)
    # 100 less 50 is 50: too many to tell; the 40 are hidden so that the 10 are not what is left of 100 - 40 - 50
    assert found == {"D", "sA", "A2"}


def test_what_is_large_enough_together_hides_nobody_else() -> None:
    leaves, parents = tree({"1": 40, "2": 20, "3": 10})
    assert shown(leaves, parents, LEAST) == {"D", "sA", "A1"}


def test_small_groups_of_a_shown_district_are_hidden_across_subdistricts() -> None:
    leaves, parents = tree({"1": 60, "2": 40}, {"1": 10})
    found = shown(leaves, parents, LEAST)
    assert "sB" not in found and "B1" not in found
    # the district less the shown subdistricts and communities must not leave the ten of B alone
    assert found == {"D", "A1"}


def test_below_the_mark_nothing_is_shown() -> None:
    assert shown({"a": 29}, {"a": "D", "D": ""}, LEAST) == frozenset()
    assert shown({}, {"D": ""}, LEAST) == frozenset()


@given(st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=4), min_size=1, max_size=3))
def test_no_difference_of_what_is_shown_is_a_small_group(counts: list[list[int]]) -> None:
    leaves, parents = tree(*({str(n): v for n, v in enumerate(mine)} for mine in counts))
    found = shown(leaves, parents, LEAST)
    members = {
        g: frozenset(leaf for leaf in leaves if g in (leaf, parents[leaf], parents[parents[leaf]])) for g in found
    }
    for group in found:
        assert sum(leaves[x] for x in members[group]) >= LEAST
        inside = [g for g in found if members[g] < members[group]]
        for size in range(1, len(inside) + 1):
            for some in itertools.combinations(inside, size):
                if sum(len(members[g]) for g in some) != len(frozenset().union(*(members[g] for g in some))):
                    continue  # one inside another: subtracting both says nothing new
                left = sum(leaves[x] for x in members[group]) - sum(leaves[x] for g in some for x in members[g])
                assert left == 0 or left >= LEAST
