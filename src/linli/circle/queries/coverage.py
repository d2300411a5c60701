"""One matrix of the three as pages and files show it: communities by sub-items, its rows added up, what is said of it.

Columns are the rows of the catalogue that are answered one by one. What a matrix does not measure (met at home, or
offered without a place, when it is about walking) is listed apart and counted nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.territory import queries as territory

from .. import matrices, network, permissions, rules
from ..choices import CatalogueKind, SurveyState
from ..matrices import ReachMatrix
from ..rules import APART, MISSING, NO, YES, Float, Matrix, Reading, Small, Statement
from . import catalogue as catalogues
from . import surveys
from .catalogue import CatalogueView, ItemView, PaceView
from .surveys import SurveyView


@dataclass(frozen=True)
class Coverage:
    """C communities by K sub-items. state (C, K) of `rules`; value (C, K) percent, nan unknown: of homes that reach it,
    100 or 0 offered, or 满足度; known (C, K): whether what a no needs is known; homes (C,) and `pace` of walking only;
    survey of the other two. `apart`: sub-items that this matrix does not measure."""

    matrix: Matrix
    catalogue: CatalogueView
    on: date
    communities: tuple[str, ...]
    items: tuple[ItemView, ...]
    apart: tuple[ItemView, ...]
    state: Small
    value: Float
    known: np.ndarray
    homes: np.ndarray
    pace: PaceView | None = None
    survey: SurveyView | None = None
    reach: ReachMatrix | None = None

    def here(self, division: str) -> np.ndarray:
        """(C,) bool: communities of a division; all of them for ""."""
        return np.array([c.startswith(division) for c in self.communities], bool)

    def columns(self, code: str) -> list[int]:
        """The sub-items at or below a row of the catalogue."""
        return [k for k, i in enumerate(self.items) if code in lineage(self.catalogue, i)]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the catalogue over communities, what is below it read as one: how many have it, lack it, cannot be judged.
    `cells` percent of all single answers that are yes; `homes` percent of homes (or the mean of what was reported);
    `known` percent. `gaps`: single answers that are missing; where there are any, `cells` and `homes` are lower bounds."""

    item: ItemView
    below: int
    yes: int
    no: int
    missing: int
    cells: float | None
    homes: float | None
    known: float | None
    gaps: int = 0

    @property
    def total(self) -> int:
        return self.yes + self.no + self.missing


def lineage(catalogue: CatalogueView, item: ItemView) -> tuple[str, ...]:
    """The codes of a row and of the rows above it."""
    codes = [item.code]
    while item.parent and item.parent in catalogue.by_code:
        item = catalogue.by_code[item.parent]
        codes.append(item.code)
    return tuple(codes)


def coverage(
    *,
    actor: Actor,
    matrix: Matrix,
    on: date,
    catalogue_id: int | None = None,
    pace: str = "",
    survey_id: int | None = None,
) -> Coverage:
    """Raises Forbidden; Missing for no catalogue, network, pace or survey."""
    permissions.can_read(actor).or_forbidden()
    if matrix is Matrix.REACHABLE:
        wanted = catalogue_id or catalogues.catalogue_in_force(CatalogueKind.SERVICES, on).id
        return _walked(matrices.reachable(wanted, on, pace))
    row = surveys.survey(actor=actor, survey_id=survey_id) if survey_id else survey_on(actor, on)
    return _surveyed(matrix, on, row)


def survey_on(actor: Actor, on: date) -> SurveyView:
    """The newest survey that had begun on a day. Raises Missing."""
    for row in surveys.surveys(actor=actor):
        if row.opens_on <= on and row.state != SurveyState.DRAFT:
            return row
    raise Missing("no_survey", _("这一天以前没有开始过的调查。"))


def _walked(found: ReachMatrix) -> Coverage:
    leaves = catalogues.leaf_items(found.catalogue)
    place = {i.code: k for k, i in enumerate(found.items)}
    items = tuple(i for i in leaves if i.code in place)
    columns = [place[i.code] for i in items]
    return Coverage(
        Matrix.REACHABLE, found.catalogue, found.on, found.communities, items,
        tuple(i for i in leaves if i.code not in place), found.state[:, columns], 100 * found.share[:, columns],
        found.complete[:, columns] & (found.homes > 0)[:, None], found.homes, found.pace, None, found,
    )  # fmt: skip


def _surveyed(matrix: Matrix, on: date, row: SurveyView) -> Coverage:
    found = surveys.answered(row.pk)
    if matrix is Matrix.PROVIDED:
        state, known = found.state, found.offer != surveys.UNANSWERED
        value = np.where(known, np.where(found.offer == 1, 100.0, 0.0), np.nan)
    else:
        known, value = np.isfinite(found.percent), found.percent
        enough = np.nan_to_num(value) >= surveys.MOST - 1e-9
        state = np.where(known, np.where(enough, YES, NO), MISSING).astype(np.int8)
    homes = np.zeros(len(found.communities), np.int64)
    return Coverage(
        matrix, found.catalogue, on, found.communities, found.items, (), state, value, known, homes, None, row
    )


# --- what is read off a matrix ------------------------------------------------------------------------------------


def rows(of: Coverage, depth: int, division: str = "", reading: Reading = Reading.ALL) -> list[Row]:
    """The rows of the catalogue down to a depth that have sub-items in this matrix, in its order."""
    least = network.setting("least_share")
    here = of.here(division)
    state, value, known, homes = of.state[here], of.value[here], of.known[here], of.homes[here]
    below: dict[str, list[int]] = {}
    for k, item in enumerate(of.items):
        for code in lineage(of.catalogue, item):
            below.setdefault(code, []).append(k)
    found = []
    for item in of.catalogue.items:
        columns = below.get(item.code)
        if not columns or item.depth > depth:
            continue
        cells = state[:, columns]
        whole = rules.together(cells, reading, least)
        yes, no, missing = (int((whole == s).sum()) for s in (YES, NO, MISSING))
        found.append(
            Row(
                item, len(columns), yes, no, missing, _percent(cells == YES, np.ones_like(cells, bool)),
                _of_homes(of.matrix, value[:, columns], homes),
                _percent(known[:, columns], np.ones_like(known[:, columns])), int((cells == MISSING).sum()),
            )
        )  # fmt: skip
    return found


def _percent(part: np.ndarray, whole: np.ndarray) -> float | None:
    n = int(whole.sum())
    return 100.0 * int((part & whole).sum()) / n if n else None


def _of_homes(matrix: Matrix, value: Float, homes: np.ndarray) -> float | None:
    """Of homes when it is about walking; of communities, those that did not answer too; the mean of what was reported."""
    if matrix is Matrix.REACHABLE:
        return _weighted(value, homes)
    return _mean(np.nan_to_num(value) if matrix is Matrix.PROVIDED and np.isfinite(value).any() else value)


def _mean(value: Float) -> float | None:
    return float(np.nanmean(value)) if np.isfinite(value).any() else None


def _weighted(value: Float, homes: np.ndarray) -> float | None:
    """Per cent of all homes of these communities, the mean over several items."""
    some = homes > 0
    if not some.any():
        return None
    return float((value[some] * homes[some, None]).sum(axis=0).mean() / homes[some].sum())


def statements(of: Coverage, division: str = "") -> tuple[Statement, ...]:
    """What the district says of a matrix, computed from that matrix alone. Walking: over all communities, and over those
    that have homes in the data."""
    if of.survey is not None:
        return tuple(s for s in surveys.statements(of.survey.pk, division) if s.matrix is of.matrix)
    here = of.here(division)
    state, lived = of.state[here], of.state[here & (of.homes > 0)]
    return (
        rules.covering_all(state, key="items_everywhere", matrix=of.matrix),
        rules.having_all(state, key="communities_complete", matrix=of.matrix),
        rules.covering_all(lived, key="items_everywhere_lived", matrix=of.matrix),
        rules.having_all(lived, key="communities_complete_lived", matrix=of.matrix),
    )


def why_missing(of: Coverage, community: str, item: str) -> str:
    """In a sentence why a cell has no answer; "" where it has one."""
    c, k = of.communities.index(community), [i.code for i in of.items].index(item)
    if of.state[c, k] != MISSING:
        return ""
    if of.matrix is not Matrix.REACHABLE:
        return _("这个社区还没有填报这一项。")
    return why_no_homes(community) if not of.homes[c] else _("走不到，但周边的这类设施还没有查全，不能说没有。")


def why_no_homes(community: str) -> str:
    """Why a community without a home in the data has none."""
    view = territory.division(community)
    if view is not None and not view.has_boundary:
        return _("这个社区没有边界数据，住处归不到社区，走不走得到无从算起。")
    return _("这个社区还没有住处数据。")


@dataclass(frozen=True)
class Changed:
    """One item between two days: communities that have it then and now, those that gained it, those that lost it."""

    item: ItemView
    then: int
    now: int
    gained: tuple[str, ...]
    lost: tuple[str, ...]


def between(then: Coverage, now: Coverage) -> list[Changed]:
    """Items of both days whose yes changed somewhere, the largest change first. Other versions: by code."""
    place = {i.code: k for k, i in enumerate(then.items)}
    line = {c: n for n, c in enumerate(then.communities)}
    both = [c for c in now.communities if c in line]
    at_then, at_now = [line[c] for c in both], [now.communities.index(c) for c in both]
    found = []
    for k, item in enumerate(now.items):
        if item.code not in place:
            continue
        a, b = then.state[at_then, place[item.code]] == YES, now.state[at_now, k] == YES
        if (a != b).any():
            gained, lost = (tuple(c for c, x in zip(both, w, strict=True) if x) for w in (b & ~a, a & ~b))
            found.append(Changed(item, int(a.sum()), int(b.sum()), gained, lost))
    return sorted(found, key=lambda c: (-len(c.gained) - len(c.lost), c.item.code))


def said(of: Coverage, state: int) -> str:
    """A state in the words of its matrix."""
    words: dict[Matrix, dict[int, Any]] = {
        Matrix.REACHABLE: {YES: _("走得到"), NO: _("走不到")},
        Matrix.PROVIDED: {YES: _("提供"), NO: _("未提供")},
        Matrix.FULFILLED: {YES: _("达到九成"), NO: _("不到九成")},
    }
    return str(words[of.matrix].get(state) or {MISSING: _("数据缺失"), APART: _("不按步行算")}[state])


def sorted_communities(of: Coverage, division: str, by: str, columns: Iterable[int]) -> list[int]:
    """Rows of a division: by code, or by a column ("yes" for the number of yes), the least first, gaps last."""
    rows = np.flatnonzero(of.here(division))
    place = {of.items[k].code: k for k in columns}
    if by in place:
        value = np.nan_to_num(of.value[rows, place[by]], nan=np.inf)
        value = np.where(of.state[rows, place[by]] == MISSING, value + 1000, value)
    elif by == "yes":
        value = (of.state[rows][:, list(place.values())] == YES).sum(axis=1).astype(float)
    else:
        return [int(r) for r in rows]
    return [int(r) for r in rows[np.argsort(value, kind="stable")]]
