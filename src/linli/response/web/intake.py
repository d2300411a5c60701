"""From what a form of staff says to a class and a place: chosen, or found by words when only one fits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from linli.core.errors import Refusal
from linli.site.refusals import onto_form
from linli.territory import queries as territory

from .. import queries
from ..choices import PlaceSource, Tree

CANDIDATES = 6


@dataclass(slots=True)
class Taken:
    """What was understood. `classes` and `places` are offered where the words fit several."""

    class_code: str = ""
    lon: float | None = None
    lat: float | None = None
    source: str = ""
    classes: tuple[Any, ...] = ()
    places: tuple[Any, ...] = ()

    @property
    def placed(self) -> bool:
        return self.lon is not None and self.lat is not None


def take(form: forms.Form, main: Any = None) -> Taken:
    """Read class and place of a bound form; what is missing or unclear is written beside its field.

    `main`: the case that this report joins; its class will do where none was chosen.
    """
    form.is_valid()
    said = form.cleaned_data
    taken = Taken()
    if main is not None and not (said.get("class_code") or said.get("class_pick") or said.get("class_q")):
        taken.class_code = queries.class_of(main).code
    else:
        _take_class(form, said, taken)
    view = queries.class_by_code(taken.class_code)
    asked = view is not None and view.tree == Tree.CONSULTATION and bool(said.get("division"))
    if not (asked and said.get("lon") is None and not said.get("pick") and not said.get("place_q")):
        _take_place(form, said, taken)
    return taken


def take_place(form: forms.Form) -> Taken:
    """The place alone, of a bound form that may say none; what is unclear is written beside its field."""
    taken, said = Taken(), form.cleaned_data
    if said.get("lon") is not None or said.get("pick") or said.get("place_q"):
        _take_place(form, said, taken)
    return taken


def _take_class(form: forms.Form, said: dict[str, Any], taken: Taken) -> None:
    words = said.get("class_q", "")
    taken.class_code = said.get("class_code", "") or said.get("class_pick", "")
    if taken.class_code:
        return
    found = queries.search_classes(words, limit=CANDIDATES) if words else ()
    exact = [view for view in found if words in (view.name, view.code)]
    if len(exact or found) == 1:
        taken.class_code = (exact or list(found))[0].code
        return
    taken.classes = found
    if found:
        form.add_error("class_q", _("有几类符合，请选其中一类。"))
    elif words:
        form.add_error("class_q", _("没有这样的类型，换个说法再找。"))
    else:
        form.add_error("class_q", _("请选择问题类型。"))


def _take_place(form: forms.Form, said: dict[str, Any], taken: Taken) -> None:
    lon, lat, source = said.get("lon"), said.get("lat"), said.get("place_source", "")
    if lon is None or lat is None:
        lon, lat = _pair(said.get("pick", ""))
        source = PlaceSource.SEARCH
    if lon is not None and lat is not None and math.isfinite(lon) and math.isfinite(lat):
        taken.lon, taken.lat = lon, lat
        taken.source = source if source in PlaceSource.values else PlaceSource.MAP
        return
    words = said.get("place_q", "")
    try:
        found = territory.search_places(words, CANDIDATES) if words else ()
    except Refusal as refused:
        form.add_error("place_q", str(refused.message))
        return
    exact = [hit for hit in found if hit.name == words]
    if len(exact or found) == 1:
        hit = (exact or list(found))[0]
        taken.lon, taken.lat, taken.source = hit.lon, hit.lat, PlaceSource.SEARCH
        return
    taken.places = tuple(found)
    if found:
        form.add_error("place_q", _("有几个地点符合，请选其中一个。"))
    elif words:
        form.add_error("place_q", _("没有找到这个地点，换个说法，或在地图上选。"))
    else:
        form.add_error("place_q", _("请选择地点。"))


def _pair(text: str) -> tuple[float | None, float | None]:
    try:
        lon, lat = (float(part) for part in text.split(",")[:2])
    except ValueError:
        return None, None
    return lon, lat


def write_refusal(form: forms.Form, refused: Refusal) -> None:
    """Beside the fields of the form: class and place are typed in fields of another name."""
    for told, typed in (("class_code", "class_q"), ("place", "place_q"), ("result", "said"), ("parent", "place_q")):
        if told in refused.fields:
            refused.fields[typed] = refused.fields.pop(told)
    onto_form(form, refused)


def place_line(lon: float, lat: float) -> str:
    """`牛街街道 · 春风社区 · 枣林前街附近`, or "" for a point outside."""
    try:
        found = territory.locate(lon, lat)
    except Refusal:
        return ""
    if found is None:
        return ""
    near = _("%(street)s附近") % {"street": found.near} if found.near else ""
    return " · ".join(part for part in (found.subdistrict_name, found.community_name, near) if part)
