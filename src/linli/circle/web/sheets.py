"""A community's own sheet on its phone: one class a screen, saved tap by tap; without scripts it is a form."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Conflict, Invalid, Missing
from linli.site.refusals import answers_json
from linli.territory import queries as territory

from .. import permissions
from ..actions import answers as write
from ..choices import Offer
from ..queries import sheets as read
from ..queries.catalogue import ItemView
from ..survey_forms import NoteForm, counts_of, said_of
from .records import named

RESOURCES = "resources"
END = "end"


def _address(survey_id: int, community: str, where: str = "", item: str = "") -> str:
    base = reverse("circle:sheet", args=[survey_id, community])
    return base + (f"?class={where}" if where else "") + (f"#i-{item}" if item else "")


def _onward(found: read.SheetView, after: str = "") -> str:
    """Where the next sub-item without an answer stands; the end when there is none."""
    item = found.next_open(after)
    if item is None:
        return _address(found.survey.pk, found.sheet.community, END)
    return _address(found.survey.pk, found.sheet.community, found.class_of(item), item.code)


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.READ_KINDS)
@never_cache
def sheet(request: ActorRequest, survey_id: int, community: str) -> HttpResponse:
    """The screen of a class (`?class=`), of the resources, or the last one, where it is handed in."""
    if request.method != "POST":
        return page(request, survey_id, community)
    found = read.sheet(actor=request.actor, survey_id=survey_id, community=community)
    permissions.can_fill(request.actor, community).or_forbidden()
    where = request.POST.get("class", "")
    try:
        if where == RESOURCES:
            kinds = [k.code for k in read.resource_kinds()]
            write.count_resources(
                actor=request.actor, survey_id=survey_id, community=community, counts=counts_of(request.POST, kinds)
            )
        else:
            _save_class(request, found, where)
    except Invalid as refusal:
        return page(request, survey_id, community, where=where, wrong=refusal, status=422)
    if where == RESOURCES:
        messages.success(request, _("资源数目已保存。"))
        return redirect(_address(survey_id, community, END))
    return redirect(_onward(read.sheet(actor=request.actor, survey_id=survey_id, community=community), where))


def _save_class(request: ActorRequest, found: read.SheetView, where: str) -> None:
    """What the form says otherwise than it was shown; what a colleague changed meanwhile and this page did not stays."""
    said, was = [], {}
    for item in found.items_of(where):
        new, shown = said_of(request.POST, item.code), request.POST.get(f"was-{item.code}", "")
        if new is not None and _signature(new) != shown:
            said.append(new)
            was[item.code] = shown.split("|", 1)[0]
    if said:
        done = write.answer(
            actor=request.actor, survey_id=found.survey.pk, community=found.sheet.community, said=said, was=was
        )
        for text in _overtaken(found, done):
            messages.warning(request, text)


def _signature(said: Any) -> str:
    """An answer in one line: what a page showed is compared with what it sends back."""
    day = said.evidence_on.isoformat() if said.evidence_on else ""
    percent = "" if said.fulfilled_pct is None else said.fulfilled_pct
    return f"{said.offer}|{percent}|{said.evidence}|{day}"


def _overtaken(found: read.SheetView, done: write.Written) -> list[str]:
    return [
        _("“%(item)s”刚才有人填了“%(offer)s”，现在按您填的改了。")
        % {"item": named(found.catalogue.by_code[item]), "offer": Offer(offer).label}
        for item, offer in done.overtaken
    ]


@require_POST
@answers_json
@require(*permissions.READ_KINDS)
def answer(request: ActorRequest, survey_id: int, community: str) -> HttpResponse:
    """One tap: saved, and told how far the sheet is."""
    found = read.sheet(actor=request.actor, survey_id=survey_id, community=community)
    item = request.POST.get("item", "")
    said = said_of(request.POST, item)
    if said is None:
        raise Invalid("bad_offer", _("请选提供、未提供或暂停。"))
    version = request.POST.get("version", "")
    done = write.answer(
        actor=request.actor, survey_id=survey_id, community=community, said=[said],
        was={item: request.POST.get(f"was-{item}", "").split("|", 1)[0]},
        version=int(version) if version.isascii() and version.isdigit() and len(version) < 9 else None,
    )  # fmt: skip
    now = read.sheet(actor=request.actor, survey_id=survey_id, community=community)
    where = now.class_of(now.catalogue.by_code[item])
    mine = now.items_of(where)
    return JsonResponse({
        "answered": done.answered, "total": done.total, "version": done.version, "alone": done.alone,
        "told": _overtaken(found, done), "next": _onward(now, item), "was": _signature(now.answers[item]),
        "progress": _("已答 %(n)s / %(all)s") % {"n": done.answered, "all": done.total},
        "class": where, "class_answered": sum(i.code in now.answers for i in mine), "class_total": len(mine),
    })  # fmt: skip


@require_POST
@require(*permissions.READ_KINDS)
def last_year(request: ActorRequest, survey_id: int, community: str) -> HttpResponse:
    """What is open in a class is answered as last year, after it was looked at."""
    where = request.POST.get("class", "")
    read.sheet(actor=request.actor, survey_id=survey_id, community=community)
    if request.POST.get("sure") != "1":
        wrong = Invalid("not_confirmed", _("请先勾选“我已逐项核对”。"))
        return page(request, survey_id, community, where=where, wrong=wrong, status=422)
    n = write.as_last_year(actor=request.actor, survey_id=survey_id, community=community, class_code=where)
    messages.success(request, _("已按去年填好 %(n)s 项，可以逐项再改。") % {"n": n})
    return redirect(_address(survey_id, community, where))


@require_POST
@require(*permissions.READ_KINDS)
def submit(request: ActorRequest, survey_id: int, community: str) -> HttpResponse:
    """Hand in what was seen; if somebody wrote meanwhile, look again first."""
    read.sheet(actor=request.actor, survey_id=survey_id, community=community)
    version = request.POST.get("version", "")
    seen = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else -1
    try:
        write.submit(actor=request.actor, survey_id=survey_id, community=community, version=seen)
    except (Invalid, Conflict) as refusal:
        return page(request, survey_id, community, where=END, wrong=refusal, status=refusal.status)
    messages.success(request, _("已提交，谢谢。需要再改时，请规划员退回。"))
    return redirect("circle:sheet", survey_id=survey_id, community=community)


# --- the screens ----------------------------------------------------------------------------------------------


def page(
    request: ActorRequest,
    survey_id: int,
    community: str,
    *,
    where: str = "",
    wrong: Invalid | Conflict | None = None,
    note: NoteForm | None = None,
    status: int = 200,
) -> HttpResponse:
    found = read.sheet(actor=request.actor, survey_id=survey_id, community=community)
    may = found.editable and bool(permissions.can_fill(request.actor, community))
    where = where or request.GET.get("class", "")
    if not where:
        item = found.next_open() if may else None
        where = found.class_of(item) if item else (END if may else found.classes[0].code if found.classes else END)
    codes = [c.code for c in found.classes]
    if where not in {*codes, RESOURCES, END}:
        raise Missing("no_such_class", _("目录里没有这一类。"))
    steps = [*codes, RESOURCES, END]
    at = steps.index(where)
    returns = found.sheet.state == "submitted" and permissions.can_run_survey(request.actor, found.survey.district)
    context = {
        "found": found, "survey": found.survey, "sheet": found.sheet, "where": where, "may": may, "wrong": wrong,
        "subdistrict": territory.division_name(community[:9]), "today": clock.today(),
        "classes": [(c, sum(i.code in found.answers for i in mine), len(mine))
                    for c in found.classes for mine in (found.items_of(c.code),)],
        "here": found.catalogue.by_code.get(where), "lines": [_line(request, found, i, may) for i in found.items_of(where)],
        "from_last": sum(i.code not in found.answers and i.code in found.last for i in found.items_of(where)),
        "groups": _resource_groups(request, found) if where == RESOURCES else (), "offers": Offer.choices,
        "next": _onward(found, where), "before": steps[at - 1] if at else "", "after": steps[at + 1] if at + 1 < len(steps) else "",
        "counted": len(found.resources), "kinds": len(read.resource_kinds()),
        "note": note or (NoteForm(initial={"version": found.sheet.version}) if returns else None), "has_errors": bool(wrong),
    }  # fmt: skip
    return render(request, "circle/surveys_sheet.html", context, status=status)


def _line(request: ActorRequest, found: read.SheetView, item: ItemView, may: bool) -> dict[str, Any]:
    """One sub-item; after a refusal what was typed stands again."""
    mine, last, post = found.answers.get(item.code), found.last.get(item.code), request.POST
    day = mine.evidence_on.isoformat() if mine and mine.evidence_on else ""
    percent = "" if mine is None or mine.fulfilled_pct is None else str(mine.fulfilled_pct)
    return {
        "item": item, "above": found.catalogue.by_code.get(item.parent), "mine": mine, "last": last,
        "offer": post.get(f"offer-{item.code}", mine.offer if mine else ""),
        "percent": post.get(f"percent-{item.code}", percent),
        "evidence": post.get(f"evidence-{item.code}", mine.evidence if mine else ""),
        "day": post.get(f"day-{item.code}", day), "was": _signature(mine) if mine else "",
    }  # fmt: skip


def _resource_groups(request: ActorRequest, found: read.SheetView) -> list[tuple[str, list[dict[str, Any]]]]:
    names = {"organisations": _("社区组织"), "facilities": _("公共服务设施")}
    groups: dict[str, list[dict[str, Any]]] = {}
    for kind in read.resource_kinds():
        value = request.POST.get(f"count-{kind.code}", found.resources.get(kind.code, ""))
        groups.setdefault(kind.group, []).append({"kind": kind, "name": named(kind), "value": value})
    return [(names.get(group, group), rows) for group, rows in groups.items()]


urls: list[URLPattern] = [
    path("circle/surveys/<int:survey_id>/<slug:community>/", sheet, name="sheet"),
    path("circle/surveys/<int:survey_id>/<slug:community>/answer", answer, name="sheet-answer"),
    path("circle/surveys/<int:survey_id>/<slug:community>/last-year", last_year, name="sheet-last-year"),
    path("circle/surveys/<int:survey_id>/<slug:community>/submit", submit, name="sheet-submit"),
]
