"""Pages that show matter types: the list, one type with its flow and its versions, what differs between two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.flow.rules import narrow
from linli.vault import names
from linli.worktime.explain import limit_text

from .. import permissions
from ..catalogue import Catalogue, ClassView, catalogue
from ..choices import Level, Object, Tree, Urgency
from ..deadlines import stage_limit
from ..models import CaseClass
from ..queries import types as reads
from ..rules import CASE

RANK = {"published": 0, "draft": 1, "retired": 2}
STATES = ("published", "draft", "retired")


def who(label: str) -> str:
    """The name of an actor as the record calls them."""
    return names.of([label]).get(label, _("系统") if label.startswith("system") else label) if label else ""


def state_label(state: str) -> str:
    return {"published": _("现行"), "draft": _("草稿"), "retired": _("已停用")}[state]


# --- the list -------------------------------------------------------------------------------------------
@require_safe
@require(*permissions.CONFIG_KINDS)
def classes(request: ActorRequest) -> HttpResponse:
    """All types by tree and group, with search and filters; no query once the catalogue is loaded."""
    known = catalogue()
    drafts = {v.code for v in known.by_id.values() if v.state == "draft"}
    wanted = _wanted(request)
    every = _one_each(known)
    found = [v for v in every if _meets(v, wanted, drafts)]
    tops: dict[tuple[str, str], dict[str, Any]] = {}
    for view in found:
        top = tops.setdefault(
            (view.tree, view.top_code), {"tree": view.tree, "code": view.top_code, "name": view.top_name, "classes": []}
        )
        top["classes"].append(_line(view, view.code in drafts))
    order = {tree: i for i, tree in enumerate(Tree.values)}
    counts = {tree: sum(v.tree == tree for v in every) for tree in Tree.values}
    context = {
        "tops": [tops[k] for k in sorted(tops, key=lambda k: (order[k[0]], k[1]))],
        "total": len(known.by_code),
        "found": len(found),
        "provisional": sum(v.limit_provenance == "provisional" for v in known.by_code.values()),
        "wanted": wanted,
        "filtered": any(v for k, v in wanted.items() if k != "tree"),
        "trees": [(tree, label, counts[tree]) for tree, label in Tree.choices],
        "states": [(s, state_label(s)) for s in STATES],
        "levels": Level.choices,
        "drafts": len(drafts),
        "may_edit": bool(permissions.can_administer(request.actor)),
    }
    return render(request, "response/classes.html", context)


def _wanted(request: ActorRequest) -> dict[str, str]:
    get = request.GET
    known = {
        "tree": set(Tree.values),
        "state": set(STATES),
        "level": set(Level.values),
        "provenance": {"sourced", "provisional"},
    }
    said = {name: value if (value := get.get(name, "")) in values else "" for name, values in known.items()}
    return said | {"q": get.get("q", "").replace("\0", "").strip()[:40]}


def _one_each(known: Catalogue) -> list[ClassView]:
    chosen: dict[str, ClassView] = {}
    for view in known.by_id.values():
        now = chosen.get(view.code)
        if now is None or (RANK[view.state], -view.number) < (RANK[now.state], -now.number):
            chosen[view.code] = view
    return [chosen[code] for code in sorted(chosen)]


def _meets(view: ClassView, wanted: Mapping[str, str], drafts: set[str]) -> bool:
    if wanted["tree"] and view.tree != wanted["tree"]:
        return False
    if wanted["level"] and view.level != wanted["level"]:
        return False
    if wanted["provenance"] and view.limit_provenance != wanted["provenance"]:
        return False
    if wanted["state"] == "draft" and view.code not in drafts:
        return False
    if wanted["state"] not in ("", "draft") and view.state != wanted["state"]:
        return False
    q = wanted["q"].lower()
    return not q or any(
        q in part
        for part in (
            view.code,
            view.name_zh,
            view.name_en.lower(),
            view.words,
            view.initials,
            view.top_name_zh,
            view.top_name_en.lower(),
        )
    )


def _line(view: ClassView, has_draft: bool) -> dict[str, Any]:
    return {
        "view": view,
        "limit": limit_text(view.limit).strip(),
        "urgency": Urgency(view.urgency).label,
        "object": Object(view.object).label,
        "level": Level(view.level).label,
        "state": state_label(view.state),
        "has_draft": has_draft,
    }


# --- one type -----------------------------------------------------------------------------------------------
def number_of(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


def _shown(request: ActorRequest, class_code: str) -> tuple[list[CaseClass], CaseClass]:
    found = reads.versions(request.actor, class_code)
    wanted = number_of(request.GET.get("version", ""))
    if wanted is not None:
        return found, reads.version(request.actor, class_code, wanted)
    return found, reads.published(found) or reads.draft(found) or found[0]


@require_safe
@require(*permissions.CONFIG_KINDS)
def a_type(request: ActorRequest, class_code: str) -> HttpResponse:
    """One version of a type in words, its flow, and all its versions."""
    found, shown = _shown(request, class_code)
    row = reads.row_of(shown)
    context = {
        **head_of(request, found, shown),
        "facts": _facts(row),
        "row": row,
        "flow": flow_lines(shown),
        "versions": [_version_line(v, found) for v in found],
        "today": clock.today(),
    }
    return render(request, "response/type.html", context)


def head_of(request: ActorRequest, found: Sequence[CaseClass], shown: CaseClass) -> dict[str, Any]:
    draft = reads.draft(found)
    return {
        "code": shown.code,
        "type": shown,
        "name": _name(shown),
        "top_name": _top_name(shown),
        "state": shown.type_version.state,
        "state_label": state_label(shown.type_version.state),
        "draft": draft,
        "draft_by": who(draft.changed_by) if draft else "",
        "published": reads.published(found),
        "may_edit": bool(permissions.can_administer(request.actor)),
        "tree": Tree(shown.tree).label,
    }


def _chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


def _name(version: CaseClass) -> str:
    return version.name if _chinese() else version.name_en


def _top_name(version: CaseClass) -> str:
    return version.top_name if _chinese() else version.top_name_en


def _facts(row: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(label, words, provenance) of what a type says; empty ones are left out."""
    said = reads.said(row)
    said["top_name"] = said["top_name" if _chinese() else "top_name_en"]
    hidden = {"name", "tree", "top_code", "top_name_en", "provenance", "limit_provenance", "without", "chosen", "needs",
              "limits", "samples"}  # fmt: skip
    marks = {"handle": row["limit_provenance"], "source": row["provenance"]}
    return [
        (str(label), said[name], marks.get(name, ""))
        for name, label in reads.COLUMNS.items()
        if name not in hidden and said.get(name)
    ]


def flow_lines(version: CaseClass) -> dict[str, Any]:
    """The chain as this type has it: stages with their limits and arrows, and what it does without."""
    variant = reads.variant_of(version)
    view, known = catalogue().by_id.get(version.pk), catalogue()
    small = narrow(CASE, variant)
    added = {(v, n) for v, n in variant.also_needs}
    stages = []
    for place, stage in CASE.stages.items():
        arrows = [m for m in small.verbs_from(place) if m.target is not None]
        inward = place == CASE.start or any(m.target == place for m in small.moves.values())
        if not inward or place == "declined":
            continue
        limit = stage_limit(known, view, place) if view else None
        stages.append(
            {
                "label": stage.label,
                "end": place in CASE.ends,
                "limit": _("随办结时限") if place == "handling" else limit_text(limit).strip() if limit else "",
                "own": variant.limit(place) is not None,
                "arrows": [
                    {
                        "label": m.label,
                        "target": CASE.stages[m.target or place].label,
                        "locked": m.locked,
                        "optional": m.optional,
                        "share": 100 - variant.sample(m.spares) if m.spares else 0,
                        "cite": m.cite,
                        "needs": [CASE.need_labels.get(n, n) for n in m.needs],
                        "added": [CASE.need_labels.get(n, n) for v, n in added if v == m.verb],
                    }
                    for m in arrows
                ],
            }
        )
    return {
        "stages": stages,
        "line": _main_line(small),
        "without": [CASE.moves[v].label for v in CASE.moves if v in variant.without],
        "chosen": [CASE.moves[v].label for v in CASE.moves if v in variant.chosen],
    }


def _main_line(small: Any) -> list[Any]:
    """The stages of the shortest way from the report to the end, for the drawing."""
    wanted = ("accept", "dispatch", "sign", "feed_back", "pass", "close", "call_back")
    shortcut = ("answer", "call_back") if "answer" in small.moves else ()
    line = [CASE.stages[CASE.start].label]
    for verb in shortcut or wanted:
        move = small.moves.get(verb)
        if move is not None and move.target:
            line.append(CASE.stages[move.target].label)
    return line


def _version_line(version: CaseClass, found: Sequence[CaseClass]) -> dict[str, Any]:
    before = next((v for v in found if v.number < version.number), None)
    kept = version.type_version
    return {
        "version": version,
        "state": kept.state,
        "state_label": state_label(kept.state),
        "from": kept.valid_from if kept.state != "draft" else version.starts_on,
        "to": kept.valid_to or version.ends_on,
        "planned_end": kept.state == "published" and version.ends_on,
        "by": who(version.changed_by) if version.changed_by else "",
        "before": before,
        "changes": len(reads.differences(reads.row_of(before), reads.row_of(version))) if before else None,
    }


@require_safe
@require(*permissions.CONFIG_KINDS)
def compare(request: ActorRequest, class_code: str) -> HttpResponse:
    """What differs between any two versions."""
    found = reads.versions(request.actor, class_code)
    numbers = [v.number for v in found]
    after = number_of(request.GET.get("b", "")) or numbers[0]
    before = number_of(request.GET.get("a", "")) or max((n for n in numbers if n < after), default=after)
    first, second = (reads.version(request.actor, class_code, n) for n in (before, after))
    context = {
        **head_of(request, found, second),
        "a": first,
        "b": second,
        "numbers": sorted(numbers),
        "differences": reads.differences(reads.row_of(first), reads.row_of(second)),
    }
    return render(request, "response/type_compare.html", context)
