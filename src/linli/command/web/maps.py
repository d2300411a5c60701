"""The map of a command page as data: cells for the heat, and every case of the view as GeoJSON to take away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.response import board

from .. import queries, supervision, walls
from .wall import KINDS

MOST_PRESSED = 200


def _look(request: ActorRequest) -> board.Look:
    division = request.GET.get("division", "") or board.home_division(request.actor)
    return board.look(request.actor, queries.wanted_from(division, request.GET.dict()))


@require_safe
@never_cache
@require(*KINDS)
def cells(request: ActorRequest) -> JsonResponse:
    """`/command/cells.json?division=`: all that is open in cells, none left out however many there are."""
    look = _look(request)
    return JsonResponse({"now": int(look.now.timestamp()), "cells": walls.ground(look, marked=False).cells})


@require_safe
@never_cache
@require(*KINDS)
def pressed(request: ActorRequest) -> JsonResponse:
    """`/command/pressed.json?division=`: by matter, who pressed last and how long ago, in words."""
    found = supervision.pressed(_look(request), MOST_PRESSED)
    return JsonResponse({"said": {p.line.id: [p.say, p.often] for p in found}})


@require_safe
@never_cache
@require(*KINDS)
def geojson(request: ActorRequest) -> HttpResponse:
    """`/command/map.geojson?division=`: the cases of the view as points, open and closed today, without texts or contacts."""
    look = _look(request)
    name = f"{look.wanted.community or look.wanted.division}-{clock.local(look.now):%Y%m%d-%H%M}"
    response = HttpResponse(_features(look), content_type="application/geo+json")
    response["Content-Disposition"] = f'attachment; filename="cases-{name}.geojson"'
    return response


def _features(look: board.Look) -> Iterator[str]:
    spots, now = look.here, look.now.timestamp()
    classes, places = board.class_names(spots), board.place_names(spots)
    head = {"name": "cases", "division": look.wanted.division, "asOf": clock.local(look.now).isoformat()}
    yield '{"type":"FeatureCollection",' + json.dumps(head, ensure_ascii=False)[1:-1] + ',"features":['
    for n in range(0, len(spots), 500):
        lines = ",".join(_feature(s, classes, places, now) for s in spots[n : n + 500])
        yield ("," if n else "") + lines
    yield "]}"


def _feature(spot: board.Spot, classes: dict[int, str], places: dict[str, str], now: float) -> str:
    told: list[Any] = json.loads(spot.text)
    properties = {
        "number": told[1], "class": classes[spot.type_id], "stage": spot.stage, "urgency": walls.kind_of(spot, now),
        "place": places[spot.place], "division": spot.place, "due": told[5] or None,
    }  # fmt: skip
    point = {"type": "Point", "coordinates": [told[2], told[3]]}
    return json.dumps(
        {"type": "Feature", "id": spot.id, "properties": properties, "geometry": point}, ensure_ascii=False
    )
