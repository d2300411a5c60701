"""Surveys, and the two matrices they give: provided and fulfilled, community by sub-item, never mixed with each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.territory import queries as territory

from .. import permissions, rules
from ..choices import Offer, SheetState, SurveyState
from ..models import Answer, Sheet, Survey
from ..rules import Float, Matrix, Small, Statement
from . import catalogue as catalogues
from .catalogue import CatalogueView, ItemView

SurveyView: TypeAlias = Survey  # read by pages, never saved there
CODES = {Offer.NOT_OFFERED: 0, Offer.OFFERED: 1, Offer.SUSPENDED: 2}
UNANSWERED = -1
MOST, WHOLE = 90.0, 100.0  # the two marks of the district's statement on 满足度


def surveys(*, actor: Actor) -> list[Survey]:
    """All surveys, newest first, with `sheet_count` and `done_count`."""
    permissions.can_read(actor).or_forbidden()
    done = Count("sheets", filter=Q(sheets__state=SheetState.SUBMITTED))
    rows = Survey.objects.annotate(sheet_count=Count("sheets"), done_count=done)
    return list(rows.order_by("-year", "-pk"))


def survey(*, actor: Actor, survey_id: int) -> Survey:
    """Raises Forbidden, Missing."""
    permissions.can_read(actor).or_forbidden()
    found = Survey.objects.filter(pk=survey_id).first()
    if found is None:
        raise Missing("no_such_survey", _("没有这次调查。"))
    return found


def before(row: Survey) -> Survey | None:
    """The survey of the same district in the nearest year before."""
    rows = Survey.objects.filter(district=row.district, year__lt=row.year).exclude(state=SurveyState.DRAFT)
    return rows.order_by("-year", "-pk").first()


def newest(district: str) -> Survey | None:
    """The newest survey that has begun."""
    rows = Survey.objects.filter(district=district).exclude(state=SurveyState.DRAFT)
    return rows.order_by("-year", "-pk").first()


def open_now(district: str) -> Survey | None:
    """The survey that is being filled; of several the newest."""
    return Survey.objects.filter(district=district, state=SurveyState.OPEN).order_by("-year", "-pk").first()


# --- matrices -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answered:
    """C communities by K sub-items. offer (C, K) int8: 1 offered, 0 not offered, 2 suspended, -1 unanswered;
    percent (C, K) float, nan not reported; submitted (C,) bool. What is filled but not yet submitted counts.
    """

    survey: Survey
    catalogue: CatalogueView
    communities: tuple[str, ...]
    items: tuple[ItemView, ...]
    offer: Small
    percent: Float
    submitted: np.ndarray

    @property
    def state(self) -> Small:
        """(C, K) of `rules`: suspended is a no, unanswered is missing."""
        return rules.provided_states(self.offer)


def stamp(survey_id: int) -> tuple[int, int]:
    """Changes whenever an answer of the survey does."""
    found = Sheet.objects.filter(survey=survey_id).aggregate(n=Count("pk"), v=Sum("version"))
    return found["n"], found["v"] or 0


def answered(survey_id: int) -> Answered:
    """All answers of a survey as arrays: one SQL over the answers, kept until one changes. Raises Missing."""
    return _answered(
        survey_id, Survey.objects.filter(pk=survey_id).values_list("state", flat=True).first(), stamp(survey_id)
    )


@lru_cache(maxsize=4)
def _answered(survey_id: int, _state: str | None, _stamp: tuple[int, int]) -> Answered:
    row = Survey.objects.filter(pk=survey_id).first()
    if row is None:
        raise Missing("no_such_survey", _("没有这次调查。"))
    catalogue = catalogues.catalogue_by_id(row.catalogue_id)
    items = catalogues.leaf_items(catalogue)
    sheets = dict(Sheet.objects.filter(survey=row).order_by("community").values_list("community", "state"))
    if not sheets:  # not yet opened: every community of the district is missing
        places = (c for s in territory.divisions(9, row.district) for c in territory.divisions(12, s.code))
        sheets = dict.fromkeys((c.code for c in places), SheetState.FILLING)
    line, column = {c: n for n, c in enumerate(sheets)}, {i.code: n for n, i in enumerate(items)}
    offer = np.full((len(line), len(column)), UNANSWERED, np.int8)
    percent = np.full(offer.shape, np.nan)
    found = Answer.objects.filter(sheet__survey=row).values_list("sheet__community", "item", "offer", "fulfilled_pct")
    for community, item, said, pct in found.iterator(chunk_size=10_000):
        if item in column:
            at = line[community], column[item]
            offer[at] = CODES[Offer(said)]
            if pct is not None:
                percent[at] = pct
    submitted = np.array([s == SheetState.SUBMITTED for s in sheets.values()], bool)
    offer.setflags(write=False)
    percent.setflags(write=False)
    return Answered(row, catalogue, tuple(sheets), items, offer, percent, submitted)


def provided(survey_id: int) -> tuple[tuple[str, ...], tuple[ItemView, ...], Small]:
    """(communities, items, state): (C, K) int8 of `rules` (-1 missing, 0 no, 1 yes). Raises Missing."""
    found = answered(survey_id)
    return found.communities, found.items, found.state


def fulfilled(survey_id: int) -> tuple[tuple[str, ...], tuple[ItemView, ...], Float]:
    """(communities, items, percent): (C, K) float, nan where a community did not report. Raises Missing."""
    found = answered(survey_id)
    return found.communities, found.items, found.percent


def statements(survey_id: int, division: str = "") -> tuple[Statement, ...]:
    """The district's four statements, each out of the matrix it belongs to; of a division if one is named."""
    found = answered(survey_id)
    here = np.array([c.startswith(division) for c in found.communities], bool)
    state, percent = found.state[here], found.percent[here]
    return (
        rules.fulfilled_at(percent, MOST, key="fulfilled_most"),
        rules.fulfilled_at(percent, WHOLE, key="fulfilled_whole"),
        rules.covering_all(state, key="items_everywhere", matrix=Matrix.PROVIDED),
        rules.having_all(state, key="communities_complete", matrix=Matrix.PROVIDED),
    )


@dataclass(frozen=True, slots=True)
class Moved:
    """An item that two surveys share: per cent of the communities that answered and offer it, then and now."""

    item: ItemView
    then: float
    now: float

    @property
    def change(self) -> float:
        return self.now - self.then


def moved(now_id: int, then_id: int) -> list[Moved]:
    """Items answered in both surveys whose offer changed, the largest change first. Other versions: by code."""
    now, then = answered(now_id), answered(then_id)
    old = {i.code: k for k, i in enumerate(then.items)}
    share_now, share_then = offered_share(now.state), offered_share(then.state)
    rows = [
        Moved(i, float(share_then[old[i.code]]), float(share_now[k]))
        for k, i in enumerate(now.items)
        if i.code in old and np.isfinite(share_now[k]) and np.isfinite(share_then[old[i.code]])
    ]
    return sorted((r for r in rows if abs(r.change) >= 0.05), key=lambda r: (-abs(r.change), r.item.code))


def offered_share(state: Small) -> Float:
    """Per cent of yes among those that answered, by item; nan where nobody did."""
    yes, known = (state == rules.YES).sum(axis=0), (state != rules.MISSING).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known > 0, 100.0 * yes / known, np.nan)
