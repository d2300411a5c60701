"""Pages of a merger: begun, its numbers and maps, its approval. Decisions line by line are in merger_lines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Conflict, Invalid, Refusal
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, xlsx_response
from linli.jobs import queries as jobs
from linli.site.refusals import onto_form
from linli.vault import names

from .. import permissions
from ..actions import mergers as write
from ..choices import Finding, Net
from ..forms import version_in
from ..models import NetMerger
from ..net_forms import MergerForm
from ..queries import mergers as read
from ..queries import nets as net_reads
from ..rules import MERGER
from .nets import tiles

TOLD = 40  # lines of the journal on the page
VERBS = ("submit", "approve", "send_back", "withdraw", "undo", "again")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@require(*permissions.DRAW_KINDS)
def new(request: ActorRequest) -> HttpResponse:
    """`/ground/mergers/new/`"""
    permissions.can_draw_district(request.actor).or_forbidden()
    form = MergerForm(request.POST) if request.method == "POST" else MergerForm()
    if request.method == "POST" and form.is_valid():
        try:
            row = write.open_merger(actor=request.actor, **form.values())
        except (Invalid, Conflict) as refused:
            onto_form(form, refused)
        else:
            return redirect("ground:merger", id=row.pk)
    live = {r.net: r for r in net_reads.layers(request.actor) if r.state == "in_force"}
    nets = [(label, live.get(net)) for net, label in Net.choices]
    context = {"tab": "nets", "form": form, "nets": nets, "any": bool(live)}
    return render(request, "ground/merger_new.html", context, status=422 if form.errors else 200)


@dataclass(frozen=True, slots=True)
class NetCard:
    """One net of a merger: its numbers, each with the list behind it."""

    net: str
    label: Any
    said: dict[str, Any]
    findings: list[tuple[str, Any, int, str]]
    left: int
    of: int

    @property
    def agreeing(self) -> str:
        share = self.said.get("agreeing")
        return "—" if share is None else f"{100 * share:.1f}%"


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the journal in words."""

    label: Any
    who: str
    at: datetime
    text: str
    reason: str


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def one(request: ActorRequest, id: int) -> HttpResponse:
    """`/ground/mergers/7/?net=&what=`"""
    return _page(request, id)


def _page(request: ActorRequest, id: int, refused: Refusal | None = None, asked: str = "") -> HttpResponse:
    row = read.merger(request.actor, id)
    actor, stage = request.actor, row.matter.stage
    progress = read.progress(id)
    net = request.GET.get("net", "")
    net = net if net in Net.values else Net.CITY.value
    what = "grids" if request.GET.get("what") == "grids" else "borders"
    job = row.summary.get("job") if stage == "computing" and not row.failure else None
    context = {
        "tab": "nets", "row": row, "stage": stage, "stage_name": MERGER.stages[stage].label,
        "cards": _cards(row, progress) if row.summary.get("nets") else [], "left": progress[""][0], "of": progress[""][1],
        "done": progress[""][1] - progress[""][0], "job": jobs.job(actor, job) if job else None,
        "steps": _steps(request, row), "refused": refused, "has_errors": refused is not None, "asked": asked,
        "reason": request.POST.get("reason", ""), "net": net, "what": what, "nets": Net.choices,
        "stretches": read.stretches(id, net) if what == "borders" else [], "tiles_url": tiles(),
        "map_url": f"{reverse('ground:merger-map', args=[id])}?{urlencode({'net': net, 'what': what})}",
        "totals": read.totals(id) if stage in ("open", "submitted", "in_force", "superseded") else (),
        "told": _told(row), "share": round(row.share * 100), "findings": read.FINDINGS,
        "net_words": dict(Net.choices),
    }  # fmt: skip
    return render(request, "ground/merger.html", context, status=refused.status if refused else 200)


def _cards(row: NetMerger, progress: dict[str, tuple[int, int]]) -> list[NetCard]:
    base, cards = reverse("ground:merger-lines", args=[row.pk]), []
    for net, label in Net.choices:
        said = row.summary["nets"].get(net, {})
        counts = {**{f: said.get(f, 0) for f in Finding.values}, read.MISSING: said.get("missing", 0)}
        counts[Finding.NONE] -= counts[read.MISSING]
        found = [
            (token, words, counts[token], f"{base}?{urlencode({'net': net, 'finding': token})}")
            for token, words in read.FINDINGS
        ]
        cards.append(NetCard(net, label, said, found, *progress[net]))
    return cards


def _steps(request: ActorRequest, row: NetMerger) -> list[tuple[str, Any, bool, str]]:
    """(verb, words, whether it asks for a reason, style) of what this person may do now."""
    actor, stage = request.actor, row.matter.stage
    draws = permissions.can_draw_district(actor).allowed
    decides = permissions.can_decide(actor, "").allowed
    other = permissions.can_decide(actor, row.submitted_by).allowed
    steps = [
        ("again", _("重新比对"), False, "primary", stage == "computing" and bool(row.failure) and draws),
        ("submit", _("提请批准"), False, "primary", stage == "open" and draws),
        ("approve", _("批准，今天起生效"), False, "primary", stage == "submitted" and other),
        ("send_back", _("退回修改"), True, "", stage == "submitted" and decides),
        ("undo", _("撤销，恢复上一次的"), True, "danger", stage == "in_force" and decides),
        ("withdraw", _("放弃"), True, "danger", stage in ("computing", "open", "submitted") and (draws or decides)),
    ]
    return [step[:4] for step in steps if step[4]]


def _told(row: NetMerger) -> list[Told]:
    lines = read.history(row, personal=True)[-TOLD:]
    known = names.of({line.actor for line in lines})
    told = []
    for line in reversed(lines):
        facts, text = line.facts, ""
        if facts.get("rule") == "largest":
            text = _("%(n)s 条，都归占得最多的单位") % {"n": facts["lines"]}
        elif line.verb == "decide":
            text = f"{facts.get('code', '')} {Net(facts['net']).label}"
        label = _("开始比对") if line.verb == "open" else line.label
        told.append(Told(label, known.get(line.actor, ""), line.at, text, str(line.personal.get("reason", ""))))
    return told


@require_POST
@never_cache
@require(*permissions.READ_KINDS)
def act(request: ActorRequest, id: int) -> HttpResponse:
    """The step that `verb` names."""
    row, verb = read.merger(request.actor, id), request.POST.get("verb", "")
    if verb not in VERBS:
        raise Invalid("unknown_verb", _("没有这个动作。"))
    version, reason = version_in(request.POST), request.POST.get("reason", "")
    try:
        if verb == "again":
            write.compute_again(actor=request.actor, merger=row)
        elif verb in ("submit", "approve"):
            getattr(write, verb)(actor=request.actor, merger=row, version=version)
        else:
            getattr(write, verb)(actor=request.actor, merger=row, version=version, reason=reason)
    except (Invalid, Conflict) as refused:
        return _page(request, id, refused, verb)
    messages.success(request, _("已办好。"))
    return redirect("ground:merger", id=id)


@require_safe
@require(*permissions.READ_KINDS)
def picture(request: ActorRequest, id: int) -> HttpResponse:
    """GeoJSON for the map: stretches of borders that disagree, or base grids by finding."""
    read.merger(request.actor, id)
    net = request.GET.get("net", "")
    net = net if net in Net.values else Net.CITY.value
    draw = read.findings_geojson if request.GET.get("what") == "grids" else read.stretches_geojson
    return HttpResponse(draw(id, net), content_type="application/geo+json")


@require_safe
@require(*permissions.READ_KINDS)
def table(request: ActorRequest, id: int) -> Any:
    """The lines that match a filter, and all stretches of borders, as a workbook."""
    row, wanted = read.merger(request.actor, id), read.Wanted.of(request.GET.dict())
    columns = [
        Column("code", _("网格"), "Grid", Kind.CODE), Column("community", _("社区"), "Community"),
        Column("net", _("网"), "Net"), Column("finding", _("比对结果"), "Finding"),
        Column("claims", _("申明的单位和占比"), "Claims", width=50), Column("uncovered", _("没有覆盖"), "Uncovered"),
        Column("decided", _("已定"), "Decided", Kind.YES_NO), Column("body", _("责任单位"), "Responsible body", width=30),
    ]  # fmt: skip
    rows = (
        (x.code, x.community, str(x.net_name), str(x.finding_name),
         _("；").join(f"{c.body or _('没有写单位')} {c.percent}" for c in x.claims), x.uncovered_percent, x.decided, x.body)
        for x in read.every_line(id, wanted)
    )  # fmt: skip
    borders = [
        Column("net", _("网"), "Net"), Column("pair", _("两侧的网格"), "Cells", width=34),
        Column("length", _("长度（米）"), "Length (m)", Kind.INTEGER), Column("off", _("不一致（米）"), "Off (m)", Kind.INTEGER),
        Column("mean", _("平均偏移（米）"), "Mean offset (m)", Kind.DECIMAL),
        Column("most", _("最大偏移（米）"), "Largest offset (m)", Kind.DECIMAL),
        Column("area", _("涉及面积（平方米）"), "Area (m²)", Kind.INTEGER),
    ]  # fmt: skip
    off = (
        (str(label), f"{s[0]} / {s[1] or '—'}", *s[2:7]) for net, label in Net.choices for s in read.stretches(id, net)
    )
    sheets = [Sheet(_("逐条"), columns, rows), Sheet(_("界线不一致"), borders, off)]
    about = [(_("融合"), row.name), (_("说明"), _("没有数据的网格，不等于没有责任单位。"))]
    if row.simulated:
        about.append((_("数据"), _("模拟数据，不是真实的责任划分。")))
    return xlsx_response(f"merger-{id}", sheets, about=about)


urls = [
    path("ground/mergers/new/", new, name="merger-new"),
    path("ground/mergers/<int:id>/", one, name="merger"),
    path("ground/mergers/<int:id>/act/", act, name="merger-act"),
    path("ground/mergers/<int:id>/map.json", picture, name="merger-map"),
    path("ground/mergers/<int:id>/table.xlsx", table, name="merger-table"),
]
