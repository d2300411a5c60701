"""What communities answer: item by item, many at once, as last year, counts of resources; submitting. Nothing else writes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing

from .. import permissions
from ..choices import Offer, SheetState, SurveyState
from ..models import Answer, ResourceCount, ResourceKind, Sheet, Survey
from ..queries import catalogue as catalogues
from ..queries import sheets as reads

EDITABLE = (SheetState.FILLING, SheetState.RETURNED)
EVIDENCE_MOST, COUNT_MOST = 200, 1_000_000
OFFERS = frozenset(Offer.values)  # asked of every answer of a district: made once


@dataclass(frozen=True, slots=True)
class Said:
    """What a community says of one sub-item. `fulfilled_pct` (满足度, 0 to 100) may stay open."""

    item: str
    offer: str
    fulfilled_pct: int | None = None
    evidence: str = ""
    evidence_on: date | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """After writing: the sheet's version, whether nobody else wrote in between, whose answers were replaced."""

    version: int
    alone: bool
    answered: int
    total: int
    overtaken: tuple[tuple[str, str], ...]  # item, offer that somebody else had written meanwhile


def check_said(said: Said, known: frozenset[str]) -> None:
    """Raises Invalid that names the field."""
    if said.item not in known:
        raise _wrong("no_such_item", _("这次调查的目录里没有“%(item)s”。") % {"item": said.item[:12]}, "item")
    if said.offer not in OFFERS:
        raise _wrong("bad_offer", _("请选提供、未提供或暂停。"), "offer")
    if said.fulfilled_pct is not None and not 0 <= said.fulfilled_pct <= 100:
        raise _wrong("bad_percent", _("满足度写 0 到 100。"), "fulfilled_pct")
    if len(said.evidence) > EVIDENCE_MOST:
        raise _wrong("long_evidence", _("依据最多 200 字。"), "evidence")
    if said.evidence_on is not None and said.evidence_on > clock.today():
        raise _wrong("in_the_future", _("日期不能晚于今天。"), "evidence_on")


def _wrong(code: str, sentence: str, field: str) -> Invalid:
    return Invalid(code, sentence, fields={field: [sentence]})


def _survey(survey_id: int) -> Survey:
    row = Survey.objects.filter(pk=survey_id).first()
    if row is None:
        raise Missing("no_such_survey", _("没有这次调查。"))
    return row


def _known(survey: Survey) -> frozenset[str]:
    """Sub-items of the version that the survey refers to, be it retired or not."""
    return frozenset(i.code for i in catalogues.leaf_items(catalogues.catalogue_by_id(survey.catalogue_id)))


def _take(survey: Survey, communities: Sequence[str]) -> dict[str, Sheet]:
    """Inside the caller's transaction: hold these sheets for writing. Raises Missing, Conflict that says why not."""
    sheets = Sheet.objects.filter(survey=survey, community__in=communities)
    # Without a join: whoever waited for another here has the row's own conditions checked anew on PostgreSQL.
    running = Survey.objects.filter(state=SurveyState.OPEN)
    taken = sheets.filter(state__in=EDITABLE, survey__in=running).update(version=F("version") + 1)
    found = {s.community: s for s in sheets}
    if len(found) < len(communities):
        raise Missing("no_such_sheet", _("这个社区不在这次调查里。"))
    if taken < len(communities):
        if not Survey.objects.filter(pk=survey.pk, state=SurveyState.OPEN).exists():
            raise Conflict("not_open", _("这次调查不在填报中。"))
        raise Conflict("submitted", _("已经提交的表不能再改；需要改时，请规划员退回。"))
    return found


Values = tuple[int, str, str, int | None, str, str | None]  # sheet, item, offer, percent, evidence, its day in ISO
_INSERT = "INSERT INTO circle_answer (sheet_id, item, offer, fulfilled_pct, evidence, evidence_on, at, by) VALUES "
_ELSE = (
    " ON CONFLICT (sheet_id, item) DO UPDATE SET offer = excluded.offer, fulfilled_pct = excluded.fulfilled_pct,"
    " evidence = excluded.evidence, evidence_on = excluded.evidence_on, at = excluded.at, by = excluded.by"
)
_ROW, _AT_ONCE = "(%s, %s, %s, %s, %s, %s, %s, %s)", 500


def _values(sheet: Sheet, said: Said) -> Values:
    day = said.evidence_on.isoformat() if said.evidence_on else None
    return sheet.pk, said.item, said.offer, said.fulfilled_pct, " ".join(said.evidence.split()), day


def _write(rows: Iterable[Values], actor: Actor) -> None:
    """Each item of a sheet has one answer: the last. Not by the ORM: a district has 48,546 answers, it takes five times as long."""
    last = list({row[:2]: row for row in rows}.values())  # one statement may not write a row twice
    tail = (connection.ops.adapt_datetimefield_value(clock.now()), actor.label)
    with connection.cursor() as cursor:
        for n in range(0, len(last), _AT_ONCE):
            part = last[n : n + _AT_ONCE]
            cursor.execute(_INSERT + ", ".join([_ROW] * len(part)) + _ELSE, [v for row in part for v in (*row, *tail)])


def answer(
    *,
    actor: Actor,
    survey_id: int,
    community: str,
    said: Sequence[Said],
    version: int | None = None,
    was: Mapping[str, str] | None = None,
) -> Written:
    """Write answers of one sheet. The last one holds; `was` (item -> offer as the page showed it, "" for none) tells
    whose was replaced, `version` whether anybody else wrote since.

    Raises Forbidden, Missing, Invalid, Conflict (submitted, closed).
    """
    permissions.can_fill(actor, community).or_forbidden()
    survey = _survey(survey_id)
    known = _known(survey)
    for s in said:
        check_said(s, known)
    with transaction.atomic():
        sheet = _take(survey, [community])[community]
        before = dict(Answer.objects.filter(sheet=sheet).values_list("item", "offer"))
        _write([_values(sheet, s) for s in said], actor)
    overtaken = tuple(
        (s.item, before[s.item])
        for s in said
        if was is not None and s.item in before and before[s.item] not in (was.get(s.item, ""), s.offer)
    )
    alone = version is None or version == sheet.version - 1
    return Written(sheet.version, alone, len(before.keys() | {s.item for s in said}), len(known), overtaken)


def answer_many(*, actor: Actor, survey_id: int, rows: Sequence[tuple[str, Said]]) -> list[list[Any]]:
    """Write answers of many communities at once. Returns what stood before, as `restore` takes it.

    Raises Forbidden, Missing, Invalid, Conflict; then nothing is written.
    """
    survey = _survey(survey_id)
    communities = sorted({c for c, _s in rows})
    for community in communities:
        permissions.can_fill(actor, community).or_forbidden()
    known = _known(survey)
    for _c, said in rows:
        check_said(said, known)
    with transaction.atomic():
        sheets = _take(survey, communities)
        stood = _standing(sheets)
        _write([_values(sheets[community], said) for community, said in rows], actor)
    return [stood.get((c, s.item)) or [c, s.item, None, None, "", None] for c, s in rows]


def _standing(sheets: Mapping[str, Sheet]) -> dict[tuple[str, str], list[Any]]:
    names = {s.pk: c for c, s in sheets.items()}
    found = Answer.objects.filter(sheet__in=list(sheets.values()))
    fields = ("sheet_id", "item", "offer", "fulfilled_pct", "evidence", "evidence_on")
    return {
        (names[sheet], item): [names[sheet], item, offer, pct, evidence, on.isoformat() if on else None]
        for sheet, item, offer, pct, evidence, on in found.values_list(*fields)
    }


def restore(*, actor: Actor, survey_id: int, before: Sequence[Sequence[Any]]) -> None:
    """Bring back what `answer_many` replaced: answers as they stood, none where there was none."""
    survey = _survey(survey_id)
    communities = sorted({row[0] for row in before})
    for community in communities:
        permissions.can_fill(actor, community).or_forbidden()
    with transaction.atomic():
        sheets = _take(survey, communities)
        fresh: dict[str, list[str]] = {}
        back: list[Values] = []
        for community, item, offer, pct, evidence, on in before:
            if offer is None:
                fresh.setdefault(community, []).append(item)
            else:
                back.append((sheets[community].pk, item, offer, pct, evidence, on))
        for community, items in fresh.items():
            Answer.objects.filter(sheet=sheets[community], item__in=items).delete()
        _write(back, actor)


def as_last_year(*, actor: Actor, survey_id: int, community: str, class_code: str) -> int:
    """Answer what is still open in a class as the survey before did, evidence included. Returns how many.

    Raises Forbidden, Missing, Conflict, Invalid (nothing to take over).
    """
    permissions.can_fill(actor, community).or_forbidden()
    found = reads.sheet(actor=actor, survey_id=survey_id, community=community)
    said = [
        Said(item.code, last.offer, last.fulfilled_pct, last.evidence, last.evidence_on)
        for item in found.items_of(class_code)
        if item.code not in found.answers and (last := found.last.get(item.code)) is not None
    ]
    if not said:
        raise Invalid("nothing_from_last_year", _("这一类没有可以沿用的去年答案。"))
    answer(actor=actor, survey_id=survey_id, community=community, said=said)
    return len(said)


def count_resources(*, actor: Actor, survey_id: int, community: str, counts: Mapping[str, int | None]) -> int:
    """How many of each kind a community has; None takes a count back. Returns how many kinds are counted now."""
    permissions.can_fill(actor, community).or_forbidden()
    survey = _survey(survey_id)
    kinds = dict(ResourceKind.objects.values_list("code", "pk"))
    for code, count in counts.items():
        if code not in kinds:
            raise Invalid("no_such_kind", _("没有这种资源。"))
        if count is not None and not 0 <= count <= COUNT_MOST:
            raise _wrong("bad_count", _("数目写 0 或正整数。"), code)
    gone = [kinds[c] for c, n in counts.items() if n is None]
    with transaction.atomic():
        sheet = _take(survey, [community])[community]
        _write_counts(sheet, {kinds[c]: n for c, n in counts.items() if n is not None}, actor)
        if gone:
            ResourceCount.objects.filter(sheet=sheet, kind__in=gone).delete()
        return ResourceCount.objects.filter(sheet=sheet).count()


_COUNTS = "INSERT INTO circle_resourcecount (sheet_id, kind_id, count, at, by) VALUES "
_COUNTS_ELSE = (
    " ON CONFLICT (sheet_id, kind_id) DO UPDATE SET count = excluded.count, at = excluded.at, by = excluded.by"
)


def _write_counts(sheet: Sheet, counts: Mapping[int, int], actor: Actor) -> None:
    """As `_write`, and for the same reason: every community of a district has some forty."""
    if not counts:
        return
    tail = (connection.ops.adapt_datetimefield_value(clock.now()), actor.label)
    values = [v for kind, count in counts.items() for v in (sheet.pk, kind, count, *tail)]
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS + ", ".join(["(%s, %s, %s, %s, %s)"] * len(counts)) + _COUNTS_ELSE, values)


def submit(*, actor: Actor, survey_id: int, community: str, version: int) -> None:
    """Hand a sheet in as it was seen at `version`. Raises Invalid (not all answered), Conflict (changed, submitted)."""
    permissions.can_fill(actor, community).or_forbidden()
    survey = _survey(survey_id)
    known = _known(survey)
    with transaction.atomic():
        sheet = _take(survey, [community])[community]
        if sheet.version - 1 != version:
            raise Conflict("changed_meanwhile", _("刚才有人又改过这张表，请看过再提交。"))
        left = len(known - set(Answer.objects.filter(sheet=sheet).values_list("item", flat=True)))
        if left:
            raise Invalid("not_all_answered", _("还有 %(n)s 项没有填，填完才能提交。") % {"n": left})
        Sheet.objects.filter(pk=sheet.pk).update(
            state=SheetState.SUBMITTED, submitted_at=clock.now(), submitted_by=actor.label, note=""
        )
        record(actor=actor, verb=AuditVerb.OTHER, target=f"survey:{survey.pk}", change="submit", community=community)
