"""Which groups may show what their members answered: large enough, and not to be had by subtracting what else is shown. Pure.

Groups form a tree (district, subdistricts, communities). What can be computed from the shown sums of such a tree are
exactly its remainders: a shown group less the shown groups in it. So each remainder is empty or large enough itself;
where it is not, the smallest shown group in it is hidden too (complementary suppression).
"""

from __future__ import annotations

from collections.abc import Mapping


def shown(counts: Mapping[str, int], parents: Mapping[str, str], least: int) -> frozenset[str]:
    """The groups that may be shown.

    `counts`: answers of every leaf. `parents`: group -> the group that holds it ("" above the top); every leaf is in it.
    """
    sizes = _sizes(counts, parents)
    found = {g for g, n in sizes.items() if n >= max(least, 1)}
    while True:
        rest = dict.fromkeys(found, 0)
        within: dict[str, list[str]] = {}
        for leaf, n in counts.items():
            holder = _holder(leaf, parents, found)
            if holder:
                rest[holder] += n
        for g in found:
            above = _holder(parents.get(g, ""), parents, found)
            if above:
                within.setdefault(above, []).append(g)
        short = sorted(g for g, n in rest.items() if 0 < n < least)
        if not short:
            return frozenset(found)
        # One at a time: hiding a group may mend a second remainder, and as little as possible is hidden.
        found.discard(min(within[short[0]], key=lambda g: (sizes[g], g)))


def _sizes(counts: Mapping[str, int], parents: Mapping[str, str]) -> dict[str, int]:
    sizes = dict.fromkeys(parents, 0)
    for leaf, n in counts.items():
        group = leaf
        while group:
            sizes[group] = sizes.get(group, 0) + n
            group = parents.get(group, "")
    return sizes


def _holder(group: str, parents: Mapping[str, str], found: set[str]) -> str:
    """The nearest shown group that is `group` or holds it; "" if none is."""
    while group and group not in found:
        group = parents.get(group, "")
    return group
