"""Two plans or two dates beside each other, and the planner's answer as XLSX and GeoJSON. All numbers are the server's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Invalid
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, xlsx_response
from linli.territory import queries as territory

from .. import matrices, permissions
from ..choices import EditKind, Provenance, State
from ..queries import catalogue as catalogues
from ..queries import facility_list, reach
from ..queries import plans as read
from ..queries.reach import Asked, Edit, ItemAnswer
from ..rules import MISSING, NO, STATE_OF, YES
from . import asked
from .matrix_words import READINGS, early_words, reading_words, simulated_words

TODAY = "today"


def _with_plan(request: ActorRequest, default: str = "") -> tuple[Asked, tuple[Edit, ...], str]:
    """The question of an address, with the edits of `plan` if one is named, and the plan's name; of a form, with the
    edits of its JSON field `body`, which need not be saved anywhere."""
    if request.method == "POST":
        values = asked.parsed(request.POST.get("body", ""))
        question, edits = asked.question(values, default), asked.edits(values)
        reach.check_edits(edits, question.catalogue)
        return question, tuple(edits), _("未保存的改动") if edits else ""
    wanted = request.GET.get("plan", "")
    if not wanted:
        return asked.question(request.GET, default), (), ""
    plan = read.plan(actor=request.actor, plan_id=asked.number(wanted, "plan"))
    values = request.GET.dict() | {"catalogue": str(plan.catalogue_id), "on": str(plan.on)}
    values.setdefault("pace", plan.pace)
    return asked.question(values, default), plan.edits, plan.name


def _at_least(answer: ItemAnswer) -> str:
    """Homes reached of all homes; where communities are not known, that is a lower bound."""
    missing = int((answer.state == MISSING).sum())
    said = f"{answer.homes_reached} / {answer.homes}"
    return _("至少 %(said)s，%(n)s 个社区数据缺失") % {"said": said, "n": missing} if missing else said


def _rows(answer: ItemAnswer) -> list[dict[str, Any]]:
    said = {YES: State.YES.label, NO: State.NO.label, MISSING: State.MISSING.label}
    return [
        {
            "code": code, "name": territory.division_name(code), "subdistrict": territory.division_name(code[:9]),
            "share": None if np.isnan(share) else round(100 * float(share), 2), "state": str(said[int(state)]),
        }
        for code, share, state in zip(matrices.community_codes(), answer.share, answer.state, strict=True)
    ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.READ_KINDS)
def as_xlsx(request: ActorRequest) -> Any:
    question, edits, name = _with_plan(request)
    answer = reach.item_answer(question, edits)
    columns = (
        Column("code", _("社区代码"), "Code", Kind.CODE), Column("subdistrict", _("街道"), "Subdistrict", width=16),
        Column("name", _("社区"), "Community", width=24), Column("share", _("走得到的比例（%）"), "Share (%)", Kind.DECIMAL),
        Column("state", _("状态"), "State"),
    )  # fmt: skip
    about = [
        (_("项目"), question.item.title), (_("目录"), question.catalogue.title), (_("日期"), str(question.on)),
        (_("步行"), f"{question.pace.title}，{question.cap_m} m"), (_("方案"), name or _("现状")),
        (_("走得到的住处"), _at_least(answer)),
        (_("口径"), _("按步行路网距离；数据缺失不等于没有服务。社区界线为近似。")), (_("数据"), territory.attribution()[0]),
    ]  # fmt: skip
    if len(answer.parts) > 1:
        about.append((_("几项合成一行"), f"{READINGS[question.reading]}：{reading_words(question.reading)}"))
    if pretended := simulated_words(question.catalogue.kind, question.on):
        about.append((_("模拟"), pretended))
    if early := early_words(question.on):
        about.append((_("数据日期"), early))
    sheets = [Sheet(_("社区"), columns, _rows(answer)), _facilities(answer, edits)]
    return xlsx_response(f"circle-{question.item.code}-{question.on}", sheets, about=about)


def _facilities(answer: ItemAnswer, edits: Sequence[Edit]) -> Sheet:
    """The facilities that were counted: where, whether simulated, how far to be trusted; what the plan puts there is
    neither simulated nor sourced, and says that it is planned."""
    columns = (
        Column("name", _("名称"), "Name", width=30), Column("lon", _("经度"), "Longitude", Kind.DECIMAL), Column("lat", _("纬度"), "Latitude", Kind.DECIMAL),
        Column("placed", _("在路网上"), "On the network", Kind.YES_NO), Column("planned", _("方案里的改动"), "Change of the plan"),
        Column("simulated", _("模拟数据"), "Simulated", Kind.YES_NO),
        Column("provenance", _("可信程度"), "Provenance", Kind.CHOICE, choices={str(k): (str(v),) for k, v in Provenance.choices}),
        Column("source", _("出处"), "Source", width=40), Column("as_of", _("截至"), "As of", Kind.DATE),
    )  # fmt: skip
    feet = answer.feet
    known = facility_list.origins(feet.id[feet.id > 0].tolist())
    moved = {e.facility for e in edits if e.kind == EditKind.MOVE}
    places = (feet.id, feet.name, feet.lon, feet.lat, feet.places.arc)
    rows: list[dict[str, Any]] = []
    for id, name, lon, lat, arc in zip(*(p.tolist() for p in places), strict=True):
        planned = str(EditKind.MOVE.label) if id in moved else "" if id else str(EditKind.ADD.label)
        rows.append({"name": name, "lon": lon, "lat": lat, "placed": arc >= 0, "planned": planned} | known.get(id, {}))
    return Sheet(_("设施"), columns, rows)


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.READ_KINDS)
def as_geojson(request: ActorRequest) -> HttpResponse:
    """Communities that have a boundary with share and state; WGS-84."""
    question, edits, name = _with_plan(request)
    answer = reach.item_answer(question, edits)
    place = {c: k for k, c in enumerate(matrices.community_codes())}
    features = [
        f
        for s in territory.divisions(9, territory.district().code)
        for f in json.loads(territory.boundaries_geojson(12, s.code))["features"]
    ]
    collection: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    for feature in collection["features"]:
        k = place[feature["properties"]["code"]]
        share = float(answer.share[k])
        feature["properties"] |= {
            "item": question.item.code, "on": str(question.on), "cap_m": question.cap_m,
            "share": None if np.isnan(share) else round(share, 4), "state": STATE_OF[int(answer.state[k])],
        }  # fmt: skip
    drawn = {f["properties"]["code"] for f in collection["features"]}
    collection |= {
        "attribution": territory.attribution()[0], "boundaries": territory.attribution()[1],
        "plan": name, "edits": len(edits), "parts": len(answer.parts), "reading": question.reading.value, "without_boundary": sorted(place.keys() - drawn),
    }  # fmt: skip
    response = HttpResponse(json.dumps(collection, ensure_ascii=False), content_type="application/geo+json")
    response["Content-Disposition"] = f'attachment; filename="circle-{question.item.code}-{question.on}.geojson"'
    return response


@dataclass(frozen=True)
class Side:
    """One side of a comparison: what it is called, and its answer."""

    name: str
    answer: ItemAnswer
    counts: dict[str, int]
    early: str
    reached: str


def _side(request: ActorRequest, text: str, item: str, pace: str, reading: str) -> Side:
    """`today`, a day, or `plan-7`."""
    if text.startswith("plan-"):
        plan = read.plan(actor=request.actor, plan_id=asked.number(text[5:], "side"))
        values, edits, name = {"catalogue": str(plan.catalogue_id), "on": str(plan.on)}, plan.edits, plan.name
    else:
        day = asked.day("" if text in ("", TODAY) else text)
        values, edits, name = {"on": str(day)}, (), _("现状 %(day)s") % {"day": day}
    catalogue = asked.catalogue(values, asked.day(values["on"]))
    question = asked.question(values | {"item": item, "pace": pace, "reading": reading}, asked.first_item(catalogue))
    answer = reach.item_answer(question, edits)
    states = [STATE_OF[int(s)] for s in answer.state]
    return Side(name, answer, {s: states.count(s) for s in State.values}, early_words(question.on), _at_least(answer))


@require_safe
@require(*permissions.READ_KINDS)
def compare(request: ActorRequest) -> HttpResponse:
    """Two plans, two days, or a plan and a day: who gains, who loses."""
    own = read.plans(actor=request.actor)
    item, pace, reading = (request.GET.get(k, "") for k in ("item", "pace", "reading"))
    left_text = request.GET.get("a", TODAY)
    right_text = request.GET.get("b", "") or (f"plan-{own[0].id}" if own else TODAY)
    days = {side: request.GET.get(f"{side}_on", "") for side in ("a", "b")}
    left = _side(request, days["a"] or left_text if left_text == TODAY else left_text, item, pace, reading)
    right = _side(request, days["b"] or right_text if right_text == TODAY else right_text, item, pace, reading)
    if left.answer.item.code != right.answer.item.code:
        raise Invalid("two_items", _("两边的目录不同，请选两边都有的项目。"))
    lines: list[dict[str, Any]] = []
    for k, code in enumerate(matrices.community_codes()):
        a, b = float(left.answer.share[k]), float(right.answer.share[k])
        if np.isnan(a) or np.isnan(b) or abs(b - a) < 5e-4:
            continue
        lines.append(
            {"code": code, "name": territory.division_name(code), "a": 100 * a, "b": 100 * b, "change": 100 * (b - a)}
        )
    lines.sort(key=lambda x: -abs(x["change"]))
    walked = catalogues.walked_items(left.answer.catalogue)
    context = {
        "left": left, "right": right, "lines": lines, "plans": [{"key": f"plan-{p.id}", "name": p.name} for p in own], "a": left_text, "b": right_text,
        "item": left.answer.item, "items": walked, "paces": catalogues.paces(), "pace": left.answer.pace.code,
        "gained": right.answer.homes_reached - left.answer.homes_reached, "today": clock.today(), "reading": reading, "readings": READINGS.items(), "a_on": days["a"], "b_on": days["b"],
    }  # fmt: skip
    return render(request, "circle/compare.html", context)


urls: list[URLPattern] = [
    path("circle/planner/table.xlsx", as_xlsx, name="planner-xlsx"),
    path("circle/planner/map.geojson", as_geojson, name="planner-geojson"),
    path("circle/plans/compare/", compare, name="compare"),
]
