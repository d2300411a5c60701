"""Running a yearly survey: prepare, open, remind, return a sheet, close. What communities answer is in `answers`."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing
from linli.territory import queries as territory

from .. import permissions
from ..choices import CatalogueKind, CatalogueState, SheetState, SurveyState
from ..models import ResourceKind, Sheet, Survey
from ..queries import catalogue as catalogues

DATA = Path(__file__).resolve().parent.parent / "data" / "resource_kinds.csv"
EARLIEST_YEAR = 2000
NOTE_MOST = 200


def load_resource_kinds(*, actor: Actor) -> int:
    """The kinds of resources of data/resource_kinds.csv; counts stay. Returns how many."""
    permissions.can_keep_catalogue(actor, "").or_forbidden()
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with transaction.atomic():
        for n, row in enumerate(rows, 1):
            fields: dict[str, Any] = {k: row[k] for k in ("group", "name", "name_en", "unit", "provenance", "source")}
            ResourceKind.objects.update_or_create(code=row["code"], defaults=fields | {"order": n})
    return len(rows)


def create_survey(
    *,
    actor: Actor,
    year: int,
    name: str,
    catalogue_id: int,
    opens_on: date,
    closes_on: date,
    simulated: bool = False,
) -> int:
    """Prepare a survey of the district over one published version of the catalogue of services. Returns its id.

    Raises Forbidden, Missing (catalogue), Invalid, Conflict (there is one of this name in this year).
    """
    district = territory.district().code
    permissions.can_run_survey(actor, district).or_forbidden()
    catalogue = catalogues.catalogue_by_id(catalogue_id)
    if catalogue.kind != CatalogueKind.SERVICES or catalogue.state == CatalogueState.DRAFT:
        raise _wrong("bad_catalogue", _("请选一个已经发布的公共服务目录。"), "catalogue_id")
    if not EARLIEST_YEAR <= year <= clock.today().year + 1:
        raise _wrong("bad_year", _("年份不对。"), "year")
    said = " ".join(name.split())
    if not said or len(said) > 100:
        raise _wrong("bad_name", _("名称须为 1 到 100 个字。"), "name")
    check_span(opens_on, closes_on)
    try:
        with transaction.atomic():
            row = Survey.objects.create(
                year=year, name=said, catalogue_id=catalogue.id, district=district, opens_on=opens_on,
                closes_on=closes_on, simulated=simulated, made_at=clock.now(), made_by=actor.label,
            )  # fmt: skip
            _say(actor, row.pk, "create")
    except IntegrityError:
        raise Conflict("survey_there", _("这一年已经有同名的调查。")) from None
    return row.pk


def check_span(opens_on: date, closes_on: date) -> None:
    """Raises Invalid when a survey would end before it begins."""
    if closes_on < opens_on:
        raise _wrong("closes_before_opens", _("截止日不能早于开始日。"), "closes_on")


def _wrong(code: str, sentence: str, field: str) -> Invalid:
    return Invalid(code, sentence, fields={field: [sentence]})


def _say(actor: Actor, survey_id: int, change: str, **more: Any) -> None:
    record(actor=actor, verb=AuditVerb.OTHER, target=f"survey:{survey_id}", change=change, **more)


def survey_to_run(actor: Actor, survey_id: int) -> Survey:
    """Raises Missing, Forbidden."""
    row = Survey.objects.filter(pk=survey_id).first()
    if row is None:
        raise Missing("no_such_survey", _("没有这次调查。"))
    permissions.can_run_survey(actor, row.district).or_forbidden()
    return row


def open_survey(*, actor: Actor, survey_id: int) -> int:
    """A sheet for every community of the district, those without a boundary too. Returns how many sheets."""
    row = survey_to_run(actor, survey_id)
    codes = [c.code for s in territory.divisions(9, row.district) for c in territory.divisions(12, s.code)]
    with transaction.atomic():
        if not Survey.objects.filter(pk=row.pk, state=SurveyState.DRAFT).update(state=SurveyState.OPEN):
            raise Conflict("not_draft", _("这次调查已经开始过了。"))
        Sheet.objects.bulk_create([Sheet(survey=row, community=c) for c in codes])
        _say(actor, row.pk, "open", sheets=len(codes))
    return len(codes)


def remind(*, actor: Actor, survey_id: int, communities: Sequence[str] | None = None) -> int:
    """Mark those who have not finished (or the named ones among them) as reminded now. Returns how many.

    Whoever fills sees it at the top of the survey; letters are printed from the same list. Raises Conflict.
    """
    row = survey_to_run(actor, survey_id)
    if row.state != SurveyState.OPEN:
        raise Conflict("not_open", _("调查不在填报中，不用催报。"))
    open_sheets = Sheet.objects.filter(survey=row).exclude(state=SheetState.SUBMITTED)
    if communities is not None:
        open_sheets = open_sheets.filter(community__in=communities)
    with transaction.atomic():
        reminded = open_sheets.update(reminded_at=clock.now())
        _say(actor, row.pk, "remind", sheets=reminded)
    return reminded


def return_sheet(*, actor: Actor, survey_id: int, community: str, note: str, version: int) -> None:
    """Give a submitted sheet back, with the reason. Raises Invalid, Missing, Conflict (no longer as it was seen)."""
    row = survey_to_run(actor, survey_id)
    why = " ".join(note.split())
    if not why or len(why) > NOTE_MOST:
        raise _wrong("no_reason", _("请写明退回的原因，最多 200 字。"), "note")
    sheets = Sheet.objects.filter(survey=row, community=community)
    if not sheets.exists():
        raise Missing("no_such_sheet", _("这个社区不在这次调查里。"))
    running = Survey.objects.filter(state=SurveyState.OPEN)  # no join: see answers._take
    with transaction.atomic():
        mine = sheets.filter(state=SheetState.SUBMITTED, version=version, survey__in=running)
        if not mine.update(state=SheetState.RETURNED, note=why, version=F("version") + 1):
            raise Conflict("not_returnable", _("只有填报期内、已提交、没有再变动的表可以退回。请刷新后再看。"))
        _say(actor, row.pk, "return", community=community)


def close_survey(*, actor: Actor, survey_id: int) -> None:
    """End it. Sheets stay as they are: what was not answered is missing data. Raises Conflict."""
    row = survey_to_run(actor, survey_id)
    with transaction.atomic():
        if not Survey.objects.filter(pk=row.pk, state=SurveyState.OPEN).update(state=SurveyState.CLOSED):
            raise Conflict("not_open", _("只有填报中的调查可以结束。"))
        _say(actor, row.pk, "close")


def reopen_survey(*, actor: Actor, survey_id: int, reason: str, closes_on: date) -> None:
    """Open a survey that was closed, until a day that is still to come, with the reason in the administrative record.

    Sheets stay as they are: what was handed in has to be returned before it changes. Raises Forbidden, Missing, Invalid,
    Conflict (not closed).
    """
    row = survey_to_run(actor, survey_id)
    why = " ".join(reason.split())
    if not why or len(why) > NOTE_MOST:
        raise _wrong("no_reason", _("请写明重新开放的原因，最多 200 字。"), "reason")
    if closes_on < clock.today():
        raise _wrong("closes_in_past", _("新的截止日不能早于今天。"), "closes_on")
    check_span(row.opens_on, closes_on)
    with transaction.atomic():
        mine = Survey.objects.filter(pk=row.pk, state=SurveyState.CLOSED)
        if not mine.update(state=SurveyState.OPEN, closes_on=closes_on):
            raise Conflict("not_closed", _("只有已经结束的调查可以重新开放。"))
        said = {"reason": why, "closed_on": row.closes_on.isoformat(), "closes_on": closes_on.isoformat()}
        _say(actor, row.pk, "reopen", **said)
