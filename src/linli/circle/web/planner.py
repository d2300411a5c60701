"""The planner's page, one's plans, a shared plan, two plans beside each other, and what leaves as files."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Missing
from linli.territory import queries as territory

from .. import matrices, network, permissions
from ..actions import plans as write
from ..choices import Aim, CatalogueKind
from ..queries import catalogue as catalogues
from ..queries import packed, reach
from ..queries import plans as read
from ..queries.catalogue import CatalogueView
from ..queries.plans import PlanView
from ..rules import Reading
from . import asked, planner_data, planner_files, planner_siting
from .matrix_words import READINGS, early_words, reading_words, simulated_words

SHOWN = 60


@require_safe
@require(*permissions.READ_KINDS)
@ensure_csrf_cookie
def planner(request: ActorRequest) -> HttpResponse:
    return _page(request, None)


@require_safe
@require(*permissions.READ_KINDS)
@ensure_csrf_cookie
def plan(request: ActorRequest, plan_id: int) -> HttpResponse:
    return _page(request, read.plan(actor=request.actor, plan_id=plan_id))


@require_safe
@require(*permissions.READ_KINDS)
@ensure_csrf_cookie
def shared(request: ActorRequest, share: str) -> HttpResponse:
    """A plan under its shared address; whoever reads it may save a copy."""
    return _page(request, read.shared(actor=request.actor, share=share))


def _page(request: ActorRequest, found: PlanView | None) -> HttpResponse:
    on = found.on if found else asked.day(request.GET.get("on", ""))
    catalogue = catalogues.catalogue_by_id(found.catalogue_id) if found else asked.catalogue(request.GET, on)
    walked = {i.code for i in catalogues.walked_items(catalogue)}
    item = request.GET.get("item", "")
    if item not in walked:
        item = next((e.items[0] for e in (found.edits if found else ()) if e.items), "") or asked.first_item(catalogue)
    paces = catalogues.paces()
    pace = request.GET.get("pace", "") or (found.pace if found else "")
    pace = pace if pace in {p.code for p in paces} else paces[0].code
    own, reading = found is not None and found.own, asked.reading_of(request.GET.get("reading", ""))
    query = urlencode(
        {
            "catalogue": catalogue.id,
            "on": on,
            "item": item,
            "pace": pace,
            **({"reading": reading.value} if reading is not Reading.ALL else {}),
            **({"plan": found.id} if own and found else {}),
        }
    )
    context = {
        "plan": found, "own": own, "item": item, "pace": pace, "on": on, "groups": _groups(catalogue),
        "paces": [{"code": p.code, "label": p.title, "title": _("每分钟 %(n)s 米，%(m)s 分钟") % {"n": p.metres_per_minute, "m": p.minutes}} for p in paces],
        "catalogues": _catalogues(request, catalogue, on), "may_plan": bool(permissions.can_plan(request.actor)),
        "early": early_words(on), "pretended": simulated_words(catalogue.kind, on), "reading": reading.value, "readings": [(r.value, label, reading_words(r)) for r, label in READINGS.items()], "most_sites": reach.SITES_MOST, "aims": Aim.choices, "attribution": territory.attribution()[0],
        "plans": [{"url": reverse("circle:plan", args=[p.id]), "name": p.name, "said": _said(p)} for p in read.plans(actor=request.actor)],
        "export_xlsx": f"{reverse('circle:planner-xlsx')}?{query}", "export_geojson": f"{reverse('circle:planner-geojson')}?{query}",
        "tiles": f"/tiles/{territory.revision()}/{{z}}/{{x}}/{{y}}.mvt",
        "share_address": request.build_absolute_uri(reverse("circle:plan-shared", args=[found.share])) if own and found and found.share else "",
        "today": clock.today(), "config": _config(request, catalogue, found, item, pace, on, reading),
    }  # fmt: skip
    return render(request, "circle/planner.html", context)


def _said(p: PlanView) -> str:
    return _("%(day)s，%(n)s 处改动") % {"day": p.on, "n": len(p.edits)}


def _groups(catalogue: CatalogueView) -> list[tuple[str, list[dict[str, str]]]]:
    """The rows one walks to, under the class they belong to."""
    groups: dict[str, list[dict[str, str]]] = {}
    for i in catalogues.walked_items(catalogue):
        top = i
        while top.parent and top.parent in catalogue.by_code:
            top = catalogue.by_code[top.parent]
        indent = "　" * max(0, i.depth - 2)
        groups.setdefault(top.title, []).append({"code": i.code, "label": f"{indent}{i.title}"})
    return list(groups.items())


def _catalogues(request: ActorRequest, now: CatalogueView, on: date) -> list[dict[str, Any]]:
    found = []
    for kind, label in ((CatalogueKind.SERVICES, _("服务目录")), (CatalogueKind.LIVING, _("配套标准"))):
        try:
            there = catalogues.catalogue_in_force(kind, on)
        except Missing:
            continue
        found.append(
            {
                "url": f"{reverse('circle:planner')}?{urlencode({'catalogue': there.id, 'on': on})}",
                "label": label,
                "on": there.kind == now.kind,
            }
        )
    return found


def _config(
    request: ActorRequest,
    catalogue: CatalogueView,
    found: PlanView | None,
    item: str,
    pace: str,
    on: date,
    reading: Reading,
) -> dict[str, Any]:
    edits = [
        {"kind": e.kind, "facility": e.facility, "items": e.items, "lon": e.lon, "lat": e.lat, "name": e.name}
        for e in (found.edits if found else ())
    ]
    paces = [
        {
            "code": p.code,
            "metres": p.cap_m,
            "ground": reverse("circle:ground", args=[p.code, packed.packed(p.steps)[0]]),
        }
        for p in catalogues.paces()
    ]
    return {
        "catalogue": catalogue.id, "item": item, "pace": pace, "reading": reading.value, "on": str(on), "language": get_language(),
        "csrf": get_token(request), "least": network.setting("least_share"), "shown": SHOWN, "mostEdits": reach.EDITS_MOST, "saved": found is None or found.own,
        "parents": {i.code: i.parent for i in catalogue.items if i.parent},
        "mayPlan": bool(permissions.can_plan(request.actor)), "edits": edits, "paces": paces,
        "plan": {"id": found.id, "version": found.version} if found and found.own else None,
        "communities": [{"code": c, "name": territory.division_name(c, short=True)} for c in matrices.community_codes()],
        "urls": {
            "boundaries": reverse("territory:boundaries-geojson", args=[territory.revision(), 12]), "item": reverse("circle:item"), "answer": reverse("circle:answer"), "home": reverse("circle:home"),
            "site": reverse("circle:site"), "save": reverse("circle:plan-save"), "community": "/circle/communities/{code}/",
        },
        "words": _words(),
    }  # fmt: skip


def _words() -> dict[str, Any]:
    return {
        "loading": _("正在读取……"), "failed": _("暂时读不到，请稍后再试。"), "homes": _("处"), "ms": _("浏览器算了 {n} 毫秒"),
        "noFacilities": _("这一项还没有设施资料；可以新增一处，或先导入设施。"), "tooMany": _("一个方案最多改 {n} 处，先存一个方案再接着改。"),
        "unplaced": _("{n} 处设施离路网太远，没有计入。"), "offNetwork": _("有一处离路网太远，走不到。"),
        "tapToAdd": _("在图上点一下要新增的位置。"), "newName": _("新增 {n}"), "added": _("新增"), "moved": _("迁址"), "removed": pgettext("plan", "取消"),
        "remove": pgettext("plan", "取消"), "restore": _("恢复"), "more": _("另有 {n} 处，在图上。"), "siting": _("选址排队中，一般只要几秒……"),
        "checking": _("｜正在由服务器核对……"), "same": _("｜服务器核对一致：{n} 处"), "differs": _("｜以服务器为准：{n} 处"),
        "atLeast": _("至少 {p}"), "floor": _("{n} 个社区数据缺失：比例是下限，缺的数据里可能还有。"),
        "siteAny": _("程序选址按“任一项有”算，请先改选它，或选一个小类。"), "addAll": _("{name}（各项都有）"),
        "states": {"yes": _("已覆盖"), "no": _("未覆盖"), "missing": _("数据缺失")},
    }  # fmt: skip


@require_POST
@require(*permissions.PLAN_KINDS)
def share(request: ActorRequest, plan_id: int) -> HttpResponse:
    on = request.POST.get("on") == "1"
    write.share_plan(actor=request.actor, plan_id=plan_id, on=on)
    messages.success(
        request, _("已共享：把地址发给同事，登录后就能看。") if on else _("已停止共享，原来的地址打不开了。")
    )
    return redirect("circle:plan", plan_id=plan_id)


@require_POST
@require(*permissions.PLAN_KINDS)
def archive(request: ActorRequest, plan_id: int) -> HttpResponse:
    write.archive_plan(actor=request.actor, plan_id=plan_id)
    messages.success(request, _("方案已收起；共享过的地址不再打开。"))
    return redirect("circle:planner")


urls: list[URLPattern] = [
    path("circle/planner/", planner, name="planner"),
    path("circle/plans/<int:plan_id>/", plan, name="plan"),
    path("circle/plans/<int:plan_id>/share", share, name="plan-share"),
    path("circle/plans/<int:plan_id>/archive", archive, name="plan-archive"),
    path("circle/plans/shared/<str:share>/", shared, name="plan-shared"),
    *planner_files.urls,
    *planner_data.urls,
    *planner_siting.urls,
]
