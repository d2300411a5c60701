"""Pages of the stage limits and the ladder: the table in force, its versions, the table as a form; and every trial."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Conflict, Invalid, Missing
from linli.exchange import writing
from linli.jobs import actions as jobs
from linli.jobs import queries as job_reads
from linli.worktime.choices import UNIT_LABELS

from .. import class_rules, permissions
from ..actions import sheets as actions
from ..choices import LadderAct, LadderTrigger, Sheet, Urgency
from ..models import SteeringSheet
from ..queries import class_by_code, class_by_id, impact
from ..queries import types as reads
from ..rules import CASE
from ..sheet_imports import IMPORTERS
from ..type_forms import PROVENANCE
from .type_changes import conflict_words
from .types import number_of, who

AT_ONCE = 400  # cases that a request may look at itself; more is a job's work
ROWS_MOST = 80
BLANK = 3


def _sheet(sheet: str) -> Sheet:
    if sheet not in Sheet.values:
        raise Missing("no_such_sheet", _("没有这张表。"))
    return Sheet(sheet)


def columns_of(sheet: str) -> tuple[str, ...]:
    return reads.RUNG_COLUMNS if sheet == Sheet.LADDER else reads.LIMIT_COLUMNS


@require_safe
@require(*permissions.CONFIG_KINDS)
def a_sheet(request: ActorRequest, sheet: str) -> HttpResponse:
    """The table in force (or an earlier version) in words, and its versions."""
    kind = _sheet(sheet)
    found = reads.sheets(request.actor, kind)
    wanted = number_of(request.GET.get("version", ""))
    shown = next((s for s in found if s.number == wanted), found[0] if found else None)
    rows: Sequence[Mapping[str, str]] = shown.rows if shown else reads.sheet_rows(kind)
    context = {
        "sheet": kind,
        "shown": shown,
        "current": shown is None or shown.number == found[0].number,
        "versions": _versions(kind, found),
        "rungs": [{"row": r, "words": reads.rung_words(r)} for r in rows] if kind == Sheet.LADDER else [],
        "limits": _limit_table(rows) if kind == Sheet.LIMITS else [],
        "urgencies": Urgency.choices,
        "provisional": sum(r["provenance"] == "provisional" for r in rows),
        "total": len(rows),
        "changed": _changed(found, shown),
        "expected": found[0].number if found else 0,
        "may_edit": bool(permissions.can_administer(request.actor)),
    }
    return render(request, "response/sheet.html", context)


@require_safe
@never_cache
@require(*permissions.CONFIG_KINDS)
def as_xlsx(request: ActorRequest, sheet: str) -> Any:
    """The table in force as a workbook, in the columns that an import reads."""
    permissions.can_read_config(request.actor).or_forbidden()
    importer = IMPORTERS[_sheet(sheet)]
    title = str(importer.title)
    page = writing.Sheet(title, importer.columns(), importer.current().values())
    return writing.xlsx_response(title, [page], about=importer.about())


def _versions(kind: Sheet, found: Sequence[SteeringSheet]) -> list[dict[str, Any]]:
    """Each version with who made it and, of the ladder, how many open cases it gave another alarm."""
    lines = reads.ladder_lines() if kind == Sheet.LADDER else []
    set_anew = {line.facts["number"]: line.facts for line in lines if line.verb == "revise"}
    return [{"sheet": s, "by": who(s.made_by), "alarms": set_anew.get(s.number)} for s in found]


def _limit_table(rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    by_pair = {(r["stage"], r["urgency"]): r for r in rows}
    return [
        {
            "label": class_rules.limit_label(stage),
            "cells": [
                {**r, "words": class_rules.limit_words(int(r["amount"]), r["unit"]), "label": Urgency(u).label}
                if (r := by_pair.get((stage, u)))
                else None
                for u in Urgency.values
            ],
        }
        for stage in class_rules.LIMITED
        if any((stage, u) in by_pair for u in Urgency.values)
    ]


def _changed(found: Sequence[SteeringSheet], shown: SteeringSheet | None) -> list[tuple[str, str]]:
    """(before, after) of the rows that the shown version changed against the one before it."""
    before = next((s for s in found if shown is not None and s.number < shown.number), None)
    if shown is None or before is None:
        return []
    keys = ("order",) if shown.sheet == Sheet.LADDER else ("stage", "urgency")
    old, new = ({tuple(r[k] for k in keys): r for r in s.rows} for s in (before, shown))
    pairs = [(old.get(k), new.get(k)) for k in dict.fromkeys([*old, *new]) if old.get(k) != new.get(k)]
    return [(_row_words(shown.sheet, a), _row_words(shown.sheet, b)) for a, b in pairs]


def _row_words(sheet: str, row: Mapping[str, str] | None) -> str:
    if row is None:
        return ""
    if sheet == Sheet.LADDER:
        words = reads.rung_words(row)
    else:
        limit = class_rules.limit_words(int(row["amount"]), row["unit"])
        words = f"{class_rules.limit_label(row['stage'])} · {Urgency(row['urgency']).label}{_('：')}{limit}"
    return f"{words} {reads.provenance_word(row['provenance'])}{_('：')}{row['source']}"


# --- the table as a form -----------------------------------------------------------------------------------
@require("administrator")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, sheet: str) -> HttpResponse:
    """Change the whole table; try it on last month's cases first, then put it in force."""
    kind = _sheet(sheet)
    if request.method != "POST":
        return _form_page(request, kind, reads.sheet_rows(kind), {}, reads.sheet_number(kind))
    rows, note = rows_from(request.POST, kind), request.POST.get("note", "")[:200]
    expected = number_of(request.POST.get("expected", "")) or 0
    faults: dict[str, list[Any]] = {}
    error, status = "", 422
    try:
        if request.POST.get("do") == "try":
            _refuse(kind, rows)
            return start_trial(request, sheet=kind, rows=rows)
        if request.POST.get("do") == "save":
            actions.change_sheet(actor=request.actor, sheet=kind, expected=expected, rows=rows, note=note)
            messages.success(request, _("新的一版已经生效；办着的环节沿用原来的时限，下一环节起用新的。"))
            return redirect("response:sheet", sheet=kind)
        status = 200  # another blank row
    except Invalid as why:
        faults, error = why.fields, str(why.message)
    except Conflict as why:
        error, status = conflict_words(why), 409
    return _form_page(request, kind, rows, faults, expected, note=note, error=error, status=status)


def _refuse(sheet: str, rows: Sequence[Mapping[str, str]]) -> None:
    found = reads.sheet_faults(sheet, rows)
    if found:
        fields = {f"{place}.{f.field}": [f.message] for place, said in found.items() for f in said}
        raise Invalid("bad_sheet", _("有 %(n)s 行要改好。") % {"n": len(found)}, fields=fields)


def rows_from(said: QueryDict, sheet: str) -> list[dict[str, str]]:
    """The rows of the form; a row without a number is one that was taken out. Rungs are numbered anew."""
    names, rows = columns_of(sheet), []
    for place in range(ROWS_MOST):
        row = {n: said.get(f"{place}.{n}", "").replace("\0", "").strip()[:200] for n in names}
        if row["amount"] and not said.get(f"{place}.out"):
            rows.append(row)
    if sheet == Sheet.LADDER:
        for order, row in enumerate(rows, 1):
            row["order"] = str(order)
            row["unit"] = "" if row["trigger"] in class_rules.COUNTS else row["unit"]
    return rows


def _form_page(
    request: ActorRequest,
    sheet: Sheet,
    rows: Sequence[Mapping[str, str]],
    faults: Mapping[str, Sequence[Any]],
    expected: int,
    *,
    note: str = "",
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    blank = dict.fromkeys(columns_of(sheet), "") | {"provenance": "provisional"}
    more = BLANK if sheet == Sheet.LADDER else 0
    lines = [
        {
            "place": i,
            "row": r,
            "faults": {name: text for name in columns_of(sheet) if (text := _said(faults, i, name))},
            "stage_label": class_rules.limit_label(r["stage"]) if r.get("stage") in class_rules.LIMITED else r["stage"],
            "urgency_label": dict(Urgency.choices).get(r.get("urgency", ""), ""),
        }
        for i, r in enumerate([*rows, *[blank] * more][:ROWS_MOST])
    ]
    context = {
        "sheet": sheet,
        "lines": lines,
        "faults": [(int(k.partition(".")[0]) + 1, k, v[0]) for k, v in faults.items() if k.partition(".")[0].isdigit()],
        "expected": expected,
        "note": note,
        "error": error,
        "has_errors": bool(error),
        "triggers": LadderTrigger.choices,
        "acts": LadderAct.choices,
        "stages": [("", _("各环节"))] + [(t, s.label) for t, s in CASE.stages.items() if t not in CASE.ends],
        "urgencies": Urgency.choices,
        "units": list(UNIT_LABELS.items()),
        "rung_units": [("", "—"), (class_rules.PERCENT, "%"), *UNIT_LABELS.items()],
        "provenances": PROVENANCE,
    }
    return render(request, "response/sheet_form.html", context, status=status)


def _said(faults: Mapping[str, Sequence[Any]], place: int, name: str) -> str:
    return " ".join(str(s) for s in faults.get(f"{place}.{name}", ()))


@require("administrator")
@require_POST
def restore(request: ActorRequest, sheet: str) -> HttpResponse:
    kind = _sheet(sheet)
    number, expected = (number_of(request.POST.get(k, "")) or 0 for k in ("number", "expected"))
    actions.restore_sheet(actor=request.actor, sheet=kind, expected=expected, number=number)
    messages.success(request, _("已恢复第 %(n)s 版的内容。") % {"n": number})
    return redirect("response:sheet", sheet=kind)


# --- what it would have done to last month's cases -----------------------------------------------------------
def start_trial(
    request: ActorRequest,
    *,
    row: Mapping[str, str] | None = None,
    sheet: str = "",
    rows: Sequence[Mapping[str, str]] = (),
) -> HttpResponse:
    """Answer at once for few cases; else queue the work and lead to its progress. Nothing is changed."""
    permissions.can_administer(request.actor).or_forbidden()
    back = _back(row["code"] if row else "", sheet)
    if impact.cases_of(row["code"] if row else "").count() <= AT_ONCE:
        found = impact.measure(row=row, sheet=sheet, rows=rows)
        return _trial_page(request, found.as_json(), row["code"] if row else "", sheet, back)
    params = {"row": dict(row) if row else None, "sheet": str(sheet), "rows": [dict(r) for r in rows]}
    job = jobs.start("response.impact", actor=request.actor, params=params, return_url=back)
    return redirect("response:trial", id=job.pk)


def _back(code: str, sheet: str) -> str:
    if code:
        return reverse("response:types_type", kwargs={"class_code": code})
    return reverse("response:sheet", kwargs={"sheet": str(sheet)})


@require("administrator")
@never_cache
@require_POST
def try_type(request: ActorRequest, class_code: str) -> HttpResponse:
    """What the draft of a type would have done."""
    draft = reads.draft(reads.versions(request.actor, class_code))
    if draft is None:
        raise Missing("no_draft", _("现在没有草稿。"))
    return start_trial(request, row=reads.row_of(draft))


@require("administrator")
@never_cache
@require_safe
def trial(request: ActorRequest, id: uuid.UUID) -> HttpResponse:
    """A trial that runs as a job: its progress, then what it found."""
    job = job_reads.job(request.actor, id)
    if job.kind != "response.impact":
        raise Missing("no_such_job", _("没有这项工作，或您不能查看。"))
    if job.state != "done" or not job.result:
        return render(request, "response/trial.html", {"job": job})
    result = job.result
    return _trial_page(request, result["impact"], result["code"], result["sheet"], job.return_url)


def _trial_page(request: ActorRequest, found: dict[str, Any], code: str, sheet: str, back: str) -> HttpResponse:
    examples = [
        {
            **e,
            "title": class_by_id(e["class"]).name if "class" in e else e.get("title", ""),  # of an older trial
            "before": datetime.fromisoformat(e["before"]),
            "after": datetime.fromisoformat(e["after"]),
        }
        for e in found["examples"]
    ]
    known = class_by_code(code)
    label = Sheet(sheet).label if sheet in Sheet.values else known.name if known else code
    context = {"found": found, "examples": examples, "code": code, "sheet": sheet, "label": label, "back": back}
    return render(request, "response/trial.html", context)
