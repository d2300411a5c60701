"""What the planner's script asks for: the network, an item, the exact answer to edits, a home, saving."""

from __future__ import annotations

import gzip
import time
from functools import lru_cache
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Missing
from linli.site.refusals import answers_json

from .. import matrices, network, permissions
from ..actions import plans as write
from ..queries import catalogue as catalogues
from ..queries import circles_on_map, packed, reach
from ..rules import STATE_OF
from . import asked

FOREVER = "private, max-age=31536000, immutable"


@require_safe
@answers_json
@require(*permissions.READ_KINDS)
def ground(request: ActorRequest, pace: str, digest: str) -> HttpResponse:
    """The packed network of a pace: for ever under its digest; another digest is sent to the one that holds."""
    steps = catalogues.pace(pace).steps
    found, content = packed.packed(steps)
    response = _gzipped(request, content)
    response["Cache-Control"] = FOREVER if found == digest else "no-store"
    return response


def _gzipped(request: HttpRequest, content: bytes) -> HttpResponse:
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return HttpResponse(content, content_type="application/octet-stream")
    response = HttpResponse(_packed_tight(content), content_type="application/octet-stream")
    response["Content-Encoding"], response["Vary"] = "gzip", "Accept-Encoding"
    return response


@lru_cache(maxsize=3)
def _packed_tight(content: bytes) -> bytes:
    """Once for each network: the content is kept as one object, so that finding it again costs nothing."""
    return gzip.compress(content, 5)


@require_safe
@answers_json
@require(*permissions.READ_KINDS)
def item(request: ActorRequest) -> HttpResponse:
    """The facilities of an item with where they stand on the network, and which communities' data is complete; both by its parts."""
    question = asked.question(request.GET)
    feet = reach.feet_of(question)
    codes = matrices.community_codes()
    parts = question.parts
    complete = matrices.completeness(question.catalogue, parts, codes, question.on)
    standing = matrices.rows_of(question.catalogue, question.on)
    ids = matrices.feet(question.on, question.pace.steps).table.id
    gives = [set(ids[standing[p.code]].tolist()) for p in parts]
    columns = (feet.id, feet.name, feet.lon, feet.lat, feet.places.arc, feet.places.from_start_m, feet.places.snap_m)
    rows = [
        {
            "id": i,
            "name": n,
            "lon": lon,
            "lat": lat,
            "arc": arc,
            "from": along if np.isfinite(along) else 0.0,
            "snap": snap,
            "parts": [k for k, given in enumerate(gives) if i in given],
        }
        for i, n, lon, lat, arc, along, snap in zip(*(c.tolist() for c in columns), strict=True)
    ]
    note = _("%(cap)s 米以内，%(pace)s每分钟 %(speed)s 米") % {
        "cap": question.cap_m, "pace": question.pace.title, "speed": question.pace.metres_per_minute,
    }  # fmt: skip
    return JsonResponse(
        {"name": question.item.title, "note": note, "cap": question.cap_m, "facilities": rows, "unplaced": feet.unplaced,
         "parts": [{"code": p.code, "name": p.title, "cap": catalogues.cap_m(question.catalogue, p, question.pace), "complete": complete[:, k].tolist()} for k, p in enumerate(parts)]}
    )  # fmt: skip


@require_POST
@answers_json
@require(*permissions.READ_KINDS)
def answer(request: ActorRequest) -> HttpResponse:
    """The exact answer with edits: homes reached, states of all communities."""
    began = time.perf_counter()
    values = asked.body(request)
    question, edits = asked.question(values), asked.edits(values)
    reach.check_edits(edits, question.catalogue)
    found = reach.item_answer(question, edits)
    states = {code: STATE_OF[int(s)] for code, s in zip(matrices.community_codes(), found.state.tolist(), strict=True)}
    share = {
        c: None if np.isnan(s) else round(s, 6)
        for c, s in zip(matrices.community_codes(), found.share.tolist(), strict=True)
    }
    ms = round(1000 * (time.perf_counter() - began), 1)
    return JsonResponse({"homes": found.homes_reached, "of": found.homes, "states": states, "share": share, "ms": ms})


@require_POST
@answers_json
@require(*permissions.READ_KINDS)
def home(request: ActorRequest) -> HttpResponse:
    """One home: its circle, exact along every street, and the metres to each item."""
    values = asked.body(request)
    question, edits = asked.question(values), asked.edits(values)
    reach.check_edits(edits, question.catalogue)
    ground = network.ground(question.pace.steps)
    at = asked.number(values.get("home"), "home")
    if at >= len(ground.homes):
        raise Missing("no_such_home", _("没有这个住处。"))
    homes = ground.homes
    lon, lat = float(homes.lon[at]), float(homes.lat[at])
    here = reach.from_here(question.catalogue, question.pace, question.on, lon, lat, edits)
    codes = matrices.community_codes()
    community = str(homes.community[at])
    complete = matrices.completeness(question.catalogue, here.items, codes, question.on)
    known = complete[codes.index(community)] if community in codes else np.zeros(len(here.items), bool)
    rows = [
        _line(i, m, k)
        for i, m, k in zip(here.items, here.nearest_m.tolist(), known.tolist(), strict=True)
        if i.depth > 1
    ]
    return JsonResponse(
        {"name": str(homes.name[at]) or _("住处"), "circle": circles_on_map.circle(question.pace.steps, lon, lat, float(question.cap_m)), "items": rows}
    )  # fmt: skip


def _line(found: catalogues.ItemView, metres: float, complete: bool) -> dict[str, Any]:
    if np.isfinite(metres):
        return {"name": found.title, "state": "yes", "said": _("%(n)s 米") % {"n": round(metres)}}
    if complete:
        return {"name": found.title, "state": "no", "said": _("走不到")}
    return {"name": found.title, "state": "missing", "said": _("数据缺失")}


@require_POST
@answers_json
@require(*permissions.PLAN_KINDS)
def save(request: ActorRequest) -> HttpResponse:
    values = asked.body(request)
    question = asked.question(values)
    plan_id = write.save_plan(
        actor=request.actor, name=str(values.get("name") or ""), note=str(values.get("note") or ""),
        catalogue_id=question.catalogue.id, on=question.on, pace=question.pace.code, edits=asked.edits(values),
        plan_id=None if values.get("plan") is None else asked.number(values["plan"], "plan"),
        version=None if values.get("version") is None else asked.number(values["version"], "version"),
    )  # fmt: skip
    return JsonResponse({"url": f"{reverse('circle:plan', args=[plan_id])}?item={question.item.code}"})


urls: list[URLPattern] = [
    path("circle/ground/<slug:pace>/<slug:digest>.bin", ground, name="ground"),
    path("circle/planner/item.json", item, name="item"),
    path("circle/planner/answer.json", answer, name="answer"),
    path("circle/planner/home.json", home, name="home"),
    path("circle/planner/save.json", save, name="plan-save"),
]
