"""Pages of the routing rules: read a version, look for gaps, edit the draft, compare, publish, bring a version back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Invalid, Missing
from linli.exchange.writing import Sheet, xlsx_response
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from .. import permissions
from ..actions import routing as actions
from ..catalogue import catalogue
from ..imports import RouteImporter, values_of
from ..queries import routing as reads
from ..routing import Names, Problem, Rule, check_rules, compare, sentence
from ..routing.sentences import parts
from .coverage import coverage_of
from .rule_form import RuleForm, initial_of

PAGE = 100
LISTED = 60


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else None


def _line(rule: Rule, names: Names, problems: Sequence[Problem] = ()) -> dict[str, Any]:
    return {"rule": rule, **parts(rule, names), "problems": [p for p in problems if p.order == rule.order]}


def _shown(request: ActorRequest) -> tuple[Any, tuple[Rule, ...]]:
    """The version that the address asks for (the one in force by default), with its rules."""
    table = reads.table(actor=request.actor, number=_number(request.GET.get("table", "")))
    return table, reads.rules_of(table.pk) if table else ()


def _frame(request: ActorRequest, here: str, **more: Any) -> dict[str, Any]:
    """What every page of the rules shows above: the tabs, and whether this person may edit."""
    found = {"here": here, "may_edit": bool(permissions.can_administer(request.actor)), **more}
    if "versions" in found:
        return found | {"draft": next((t for t in found["versions"] if t.state == "draft"), None)}
    return found | {"draft": reads.draft(actor=request.actor)}


@require(*permissions.CONFIG_KINDS)
@require_safe
def routes(request: ActorRequest) -> HttpResponse:
    """The rules of a version as sentences, filtered by place, class, body and words."""
    versions = reads.tables(actor=request.actor)
    asked = _number(request.GET.get("table", ""))
    table = next((t for t in versions if (t.number == asked if asked else t.state == "published")), None)
    if asked and table is None:
        raise Missing("no_such_table", _("没有这一版派遣规则。"))
    rules = reads.rules_of(table.pk) if table else ()
    names = reads.names()
    division, top = request.GET.get("division", "")[:12], request.GET.get("top", "")[:4]
    words = request.GET.get("q", "").strip()[:40]
    found = [r for r in rules if _meets(r, division, top)]
    if words:
        found = [r for r in found if words in sentence(r, names) or words in r.note or words == str(r.order)]
    start = min(_number(request.GET.get("from", "")) or 0, len(found))
    kept = {
        k: v
        for k, v in (("table", request.GET.get("table", "")), ("division", division), ("top", top), ("q", words))
        if v
    }
    known = catalogue()
    context = _frame(
        request,
        "rules",
        table=table,
        lines=[_line(r, names) for r in found[start : start + PAGE]],
        total=len(rules),
        found=len(found),
        provisional=sum(r.provenance == "provisional" for r in rules),
        next_from=start + PAGE if start + PAGE < len(found) else None,
        start=start,
        kept=kept,
        division=division,
        top=top,
        words=words,
        places=[(d.code, d.short_name) for d in territory.divisions(9)],
        tops=list(dict.fromkeys((v.top_code, v.top_name) for v in known.by_code.values())),
        versions=versions,
    )
    return render(request, "response/routing.html", context)


def _meets(rule: Rule, division: str, top: str) -> bool:
    """Whether a rule can say anything about a division or a top class."""
    in_place = not division or "" in rule.divisions or any(
        d.startswith(division) or division.startswith(d) for d in rule.divisions
    )  # fmt: skip
    return in_place and (not top or any(c.startswith(top) or top.startswith(c) for c in rule.classes))


@require(*permissions.CONFIG_KINDS)
@require_safe
def export(request: ActorRequest) -> Any:
    """A version as a workbook, in the columns that an import reads."""
    table, rules = _shown(request)
    importer, names = RouteImporter(), reads.names()
    rows = [values_of(r) | {"reads": sentence(r, names)} for r in rules]
    title = _("派遣规则第 %(n)s 版") % {"n": table.number if table else 0}
    return xlsx_response(title, [Sheet(str(importer.title), importer.columns(), rows)], about=importer.about())


@require(*permissions.CONFIG_KINDS)
@require_safe
def coverage(request: ActorRequest) -> HttpResponse:
    """Subdistrict × top class: where nobody leads, and inside one of them class by class; dead and crossing lines."""
    table, rules = _shown(request)
    readable = not any(p.fatal and p.field in ("hours", "") for p in check_rules(rules))
    names = reads.names()
    context = _frame(request, "coverage", table=table, rules=rules, readable=readable)
    if readable:
        looked = reads.look(rules)
        context |= coverage_of(looked, request.GET.get("place", "")[:12], request.GET.get("top", "")[:4])
        review = looked.review
        context |= {
            "dead": [(_line(r, names), [b.order for b in by[:8]], len(by)) for r, by in review.dead[:LISTED]],
            "dead_count": len(review.dead),
            "crossing": [
                (_line(o.earlier, names), _line(o.later, names), _example(o.example, names))
                for o in review.overlaps
                if not o.exception
            ][:LISTED],
            "crossing_count": sum(not o.exception for o in review.overlaps),
            "exceptions": sum(o.exception for o in review.overlaps),
            "listed": LISTED,
        }
    return render(request, "response/routing_coverage.html", context)


def _example(cell: Any, names: Names) -> str:
    place = next((c for c in cell.place if c), "")
    clock = f"{cell.minute // 60:02d}:{cell.minute % 60:02d}"
    when = _("工作时间 %(t)s") if cell.working else _("非工作时间 %(t)s")
    words = (names.division(place), names.case_class(cell.class_code), names.channel(cell.channel), when % {"t": clock})
    return _("、").join(words)


# --- the draft ----------------------------------------------------------------------------------------
@require(*permissions.CONFIG_KINDS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: ActorRequest) -> HttpResponse:
    """The draft line by line, with what is wrong; a POST begins one."""
    if request.method == "POST":
        actions.begin_draft(actor=request.actor)
        messages.success(request, _("草稿已建好，内容和现行的一样。"))
        return redirect("response:routes_draft")
    context = _frame(request, "draft")
    if context["draft"]:
        rules = reads.rules_of(context["draft"].pk)
        problems = reads.problems(rules)
        names = reads.names()
        context |= {
            "lines": [_line(r, names, problems) for r in rules],
            "total": len(rules),
            "problems": problems,
            "fatal": sum(p.fatal for p in problems),
        }
    return render(request, "response/routing_draft.html", context)


def _expected(request: ActorRequest) -> int:
    found = _number(request.POST.get("expected", ""))
    if found is None:
        raise Invalid("bad_revision", _("页面缺少版本号，请刷新后再试。"))
    return found


@require(*permissions.CONFIG_KINDS)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: ActorRequest) -> HttpResponse:
    """Change line `order` of the draft, or add one before line `before`; "check" says what it would read like."""
    permissions.can_administer(request.actor).or_forbidden()
    asked = request.POST if request.method == "POST" else request.GET
    order, before = _number(asked.get("order", "")), _number(asked.get("before", ""))
    table = reads.draft(actor=request.actor)
    if table is None:
        raise Missing("no_draft", _("现在没有草稿。"))
    names = reads.names()
    said = ""
    if request.method == "POST":
        form = RuleForm(request.POST)
        found = form.rule() if form.is_valid() else None
        if found and "check" in request.POST:
            said = sentence(found, names)
        elif found:
            expected = _expected(request)
            actions.put_rule(actor=request.actor, expected=expected, rule=found, order=order, before=before)
            return redirect("response:routes_draft")
    else:
        old = next((r for r in reads.rules_of(table.pk) if r.order == order), None)
        if order is not None and old is None:
            raise Missing("no_such_rule", _("没有这一条规则。"))
        form = RuleForm(initial=initial_of(old, names) if old else {"provenance": "provisional"})
        said = sentence(old, names) if old else ""
    context = _frame(request, "draft") | {
        "form": form,
        "order": order,
        "before": before,
        "expected": _number(asked.get("expected", "")) if request.method == "POST" else table.revision,
        "said": said,
        "bodies": [b.name for b in organisations.bodies()],
        "has_errors": bool(form.errors),
    }
    return render(request, "response/routing_rule.html", context, status=422 if form.errors else 200)


@require(*permissions.CONFIG_KINDS)
@never_cache
@require_POST
def move(request: ActorRequest) -> HttpResponse:
    """Give a line another place; `to` may be a number typed by hand."""
    order, to = _number(request.POST.get("order", "")), _number(request.POST.get("to", ""))
    if order is None or to is None:
        permissions.can_administer(request.actor).or_forbidden()
        raise Invalid("bad_place", _("请写要移到第几条。"))
    actions.move_rule(actor=request.actor, expected=_expected(request), order=order, to=to)
    return redirect("response:routes_draft")


@require(*permissions.CONFIG_KINDS)
@never_cache
@require_POST
def delete(request: ActorRequest) -> HttpResponse:
    permissions.can_administer(request.actor).or_forbidden()
    order = _number(request.POST.get("order", ""))
    if order is None:
        raise Invalid("bad_place", _("请说明是第几条。"))
    actions.delete_rule(actor=request.actor, expected=_expected(request), order=order)
    return redirect("response:routes_draft")


@require(*permissions.CONFIG_KINDS)
@never_cache
@require_safe
def comparison(request: ActorRequest) -> HttpResponse:
    """The draft beside the table in force, and what it would have done with last month's cases."""
    table = reads.draft(actor=request.actor)
    if table is None:
        raise Missing("no_draft", _("现在没有草稿。"))
    old, new = reads.in_force().router.rules, reads.rules_of(table.pk)
    found, names = compare(old, new), reads.names()
    problems = [p for p in reads.problems(new) if p.fatal]
    context = _frame(request, "compare") | {
        "table": table,
        "same": found.same,
        "added": [_line(r, names) for r in found.added],
        "removed": [_line(r, names) for r in found.removed],
        "changed": [(_line(a, names), _line(b, names)) for a, b in found.changed],
        "moved": [(_line(a, names), b.order) for a, b in found.moved],
        "problems": problems,
        "run": None if problems else reads.dry_run(actor=request.actor, old=old, new=new),
        "in_force": reads.in_force().number,
    }
    return render(request, "response/routing_compare.html", context)


@require(*permissions.CONFIG_KINDS)
@never_cache
@require_POST
def publish(request: ActorRequest) -> HttpResponse:
    permissions.can_administer(request.actor).or_forbidden()
    if request.POST.get("sure") != "yes":
        raise Invalid("not_confirmed", _("请勾选“已经核对”再发布。"))
    table = actions.publish(actor=request.actor, expected=_expected(request), note=request.POST.get("note", ""))
    messages.success(request, _("第 %(n)s 版已发布，从现在起按它派遣。") % {"n": table.number})
    return redirect("response:routes")


@require(*permissions.CONFIG_KINDS)
@never_cache
@require_POST
def discard(request: ActorRequest) -> HttpResponse:
    permissions.can_administer(request.actor).or_forbidden()
    actions.discard_draft(actor=request.actor, expected=_expected(request))
    messages.success(request, _("草稿已放弃，现行的规则没有变。"))
    return redirect("response:routes")


@require(*permissions.CONFIG_KINDS)
@never_cache
@require_POST
def restore(request: ActorRequest) -> HttpResponse:
    permissions.can_administer(request.actor).or_forbidden()
    number = _number(request.POST.get("number", ""))
    if number is None:
        raise Invalid("bad_number", _("请说明是第几版。"))
    actions.restore(actor=request.actor, number=number)
    messages.success(request, _("已按第 %(n)s 版建好草稿，核对后发布。") % {"n": number})
    return redirect("response:routes_compare")
