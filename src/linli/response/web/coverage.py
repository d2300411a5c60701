"""The matrix of who answers: subdistrict × top class, and one of its fields class by class."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from linli.territory import queries as territory

from ..catalogue import catalogue
from ..choices import Channel
from ..queries.routing import Looked


def coverage_of(looked: Looked, place: str, top: str) -> dict[str, Any]:
    """Rows of the matrix; with `place` and `top` also the classes of that field, by working and other hours."""
    empty = looked.review.unowned()
    space = looked.space
    tops: dict[str, list[int]] = {}
    for c, code in enumerate(space.classes):
        tops.setdefault(catalogue().by_code[code].top_code, []).append(c)
    names = {v.top_code: v.top_name for v in catalogue().by_code.values()}
    rows: list[dict[str, Any]] = []
    for subdistrict in territory.divisions(9):
        # the subdistrict stands for its communities too: one with a rule of its own is looked at by itself
        places = {looked.place_of[p] for p, codes in enumerate(space.places) if codes[1] == subdistrict.code}
        cells = []
        for code, classes in tops.items():
            missing = sum(bool(any(empty[p, looked.class_of[c]].any() for p in places)) for c in classes)
            cells.append({"top": code, "missing": missing, "all": len(classes)})
        rows.append({"code": subdistrict.code, "name": subdistrict.short_name, "cells": cells})
    found: dict[str, Any] = {
        "gaps": _gaps(looked, empty),
        "matrix": rows,
        "tops": [(code, names[code]) for code in tops],
        "missing": sum(cell["missing"] for row in rows for cell in row["cells"]),
        "pairs": len(rows) * len(space.classes),
    }
    if place and top in tops:
        found["field"] = {
            "place": territory.division_name(place),
            "top": names[top],
            "rows": _field(looked, empty, place, tops[top]),
        }
    return found


def _gaps(looked: Looked, empty: Any) -> list[dict[str, Any]]:
    """Class by class, the subdistricts in which nobody leads at some time; the widest gaps first."""
    every = territory.divisions(9)
    found = []
    for c, code in enumerate(looked.space.classes):
        silent = empty[:, looked.class_of[c]].any(axis=(1, 2))
        codes = {place[1] for p, place in enumerate(looked.space.places) if place[1] and silent[looked.place_of[p]]}
        if codes:
            names = [d.short_name for d in every if d.code in codes]
            view = catalogue().by_code[code]
            found.append({"code": code, "name": view.name, "places": names, "everywhere": len(names) == len(every)})
    return sorted(found, key=lambda g: (-len(g["places"]), g["code"]))


def _field(looked: Looked, empty: Any, place: str, classes: list[int]) -> list[dict[str, Any]]:
    """For each class of a field: in which hours and for which channels, and in which places, nobody leads."""
    space = looked.space
    labels = {str(k): str(v) for k, v in Channel.choices}
    works = [t for t, (_m, working) in enumerate(space.moments) if working]
    rests = [t for t, (_m, working) in enumerate(space.moments) if not working]
    inside = [p for p, codes in enumerate(space.places) if place in codes]
    rows = []
    for c in classes:
        said = []
        for hours, at in ((_("工作时间"), works), (_("非工作时间"), rests)):
            gaps: dict[tuple[str, ...], list[str]] = {}
            for p in inside:
                part = empty[looked.place_of[p], looked.class_of[c]]
                silent = tuple(ch for h, ch in enumerate(space.channels) if part[looked.channel_of[h]][at].any())
                if silent:
                    name = territory.division_name(next(code for code in space.places[p] if code))
                    gaps.setdefault(silent, []).append(name)
            for silent, where in gaps.items():
                ways = _("全部来源") if len(silent) == len(space.channels) else _("、").join(labels[s] for s in silent)
                places = (
                    _("全部")
                    if len(where) == len(inside)
                    else _("%(n)s 处：%(names)s") % {"n": len(where), "names": _("、").join(where[:6])}
                )
                said.append((hours, ways, places))
        view = catalogue().by_code[space.classes[c]]
        rows.append({"code": view.code, "name": view.name, "gaps": said})
    return rows
