"""What the page of a change shows, by its stage."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.jobs import queries as jobs
from linli.territory import queries as territory
from linli.vault import names

from .. import permissions
from ..actions import carrying
from ..actions import changes as write
from ..choices import ChangeKind, LineKind
from ..forms import NameForm, ReasonForm, SubmitForm
from ..models import GroundChange
from ..queries import changes as read
from ..queries import pictures, plans
from . import border_lines

WORKING = frozenset({"carrying", "undoing"})
BEFORE = frozenset({"draft", "submitted", "scheduled"})
CODES_SHOWN = 60
KINDS = {
    "case": _("案件"), "summons": _("吹哨"), "consultation": _("会商"), "topic": _("专题"), "steering": _("督办"),
}  # fmt: skip
"""Words for kinds of matters; a kind without a word shows its token."""


def context(actor: Actor, row: GroundChange) -> dict[str, Any]:
    """Everything that change.html reads (the plan is reckoned once and kept for the territory as it is)."""
    view = read.view_of(row)
    draws = bool(write.drawing(actor, row))
    found: dict[str, Any] = {
        "view": view, "change": row, "borders": row.kind == ChangeKind.BORDERS,
        "editing": view.stage == "draft" and row.kind == ChangeKind.BORDERS and draws,
        "draws": draws, "decides": permissions.can_decide(actor, row.submitted_by),
        "undoes": permissions.can_decide(actor, ""), "may_undo": carrying.can_be_undone(row),
        "history": _history(actor, row), "working": view.stage in WORKING, "job": job_of(row),
        "before_day": view.stage in BEFORE, "due": row.effective_on is not None and row.effective_on <= clock.today(),
        "stale": view.stage in BEFORE and row.base != territory.revision(),
        "submit_form": SubmitForm(initial={"effective_on": row.effective_on or clock.today() + timedelta(days=1)}),
        **{f"{verb}_form": ReasonForm(auto_id=f"id_{verb}_%s") for verb in ("send_back", "withdraw", "begin_undo")},
        "name_form": NameForm(initial={"name": row.name}), "asked": border_lines.Asked(), "shell_tiles": tiles(),
        "edit_bounds": _bounds(),
    }  # fmt: skip
    found |= _lines(row, found["editing"])
    if found["before_day"]:
        found |= _preview(actor, row)
    elif row.said.get("codes") is not None:
        found |= kept_codes(row)
    return found


def tiles() -> str:
    """Address of the background of the live edition, with {z}/{x}/{y}."""
    return f"/tiles/{territory.revision()}/{{z}}/{{x}}/{{y}}.mvt"


def _bounds() -> str:
    return ",".join(f"{n:.5f}" for n in territory.bounds())


def _lines(row: GroundChange, editing: bool) -> dict[str, Any]:
    if row.kind != ChangeKind.BORDERS:
        return {}
    lines = plans.lines_of(row)
    problems = plans.plan(row).problems if lines and row.matter.stage in BEFORE else ()
    known = row.said.get("names", {}) | border_lines.names()
    found: dict[str, Any] = {"rows": border_lines.rows_of(lines, known, problems)}
    if editing:
        found |= {
            "kinds": LineKind.choices, "subdistricts": territory.divisions(9),
            "made": [(x.new, x.name) for x in lines if x.kind == LineKind.NEW and len(x.new) == 9],
            "groups": [(s, territory.divisions(12, s.code)) for s in territory.divisions(9)],
            "known": [(code, name) for code, name in sorted(known.items()) if len(code) < 15],
        }  # fmt: skip
    return found


def _preview(actor: Actor, row: GroundChange) -> dict[str, Any]:
    """What would move, as of the territory in force."""
    plan = plans.plan(row)
    if plan.stopped or not plan.layers:
        return {"plan": plan, "whole": [p for p in plan.problems if not p.place and p.code != "no_lines"]}
    live = territory.live_layers()
    count = plans.impact(actor=actor, found=plan)
    codes = pictures.code_table(plan, live, 12)
    return {
        "plan": plan, "impact": count, "whole": [p for p in plan.problems if not p.place and p.code != "no_lines"],
        "matters": [(KINDS.get(kind, kind), n, ended) for kind, n, ended in count.matters],
        "codes": codes[:CODES_SHOWN], "codes_more": max(0, len(codes) - CODES_SHOWN), "codes_all": len(plan.moves.codes),
        "renamed": pictures.renamed(plan, live), "made_new": pictures.made(plan, live),
        "bounds": _bounds(), "picture_url": reverse("ground:change-picture", args=[row.pk]),
    }  # fmt: skip


def kept_codes(row: GroundChange) -> dict[str, Any]:
    """The code table of a change that was carried out: as it was kept on its day."""
    codes = sorted(row.said["codes"].items(), key=lambda pair: (len(pair[0]), pair[0]))
    called = row.said.get("names", {})
    coarse = [
        pictures.Code(old, called.get(old, ""), new, territory.division_name(new))
        for old, new in codes
        if len(old) <= 12
    ]
    return {"codes": coarse[:CODES_SHOWN], "codes_more": max(0, len(coarse) - CODES_SHOWN), "codes_all": len(codes)}


def job_of(row: GroundChange) -> Any:
    """The work that carries it out or takes it back; None when it is not at work."""
    kind = {"carrying": "ground.carry_out", "undoing": "ground.undo"}.get(row.matter.stage)
    if kind is None:
        return None
    found = jobs.latest(kind)
    return jobs.view(SYSTEM, found) if found is not None and found.params.get("change") == row.pk else None


def _history(actor: Actor, row: GroundChange) -> list[dict[str, Any]]:
    lines = read.history(actor=actor, change=row)
    who = names.of({line.actor for line in lines})
    return [
        {
            "label": _("起草") if line.verb == "draft" else line.label, "at": line.at,
            "by": who.get(line.actor, _("系统") if line.actor == "system" else ""),
            "said": line.personal.get("reason") or line.personal.get("text") or "", "facts": line.facts, "verb": line.verb,
        }
        for line in reversed(lines)
    ]  # fmt: skip
