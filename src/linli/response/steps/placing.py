"""A place for what came without one: a question that an operator turns into a matter."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict
from linli.territory import queries as territory

from ..choices import PlaceSource
from ..rules import CASE
from .base import Context, refuse

ASKED = frozenset({PlaceSource.MAP, PlaceSource.SEARCH, PlaceSource.DEVICE})


def placeless(case: object) -> bool:
    """Whether a case has only a division (its `matter` loaded): it stands where that division's label stands."""
    matter = case.matter  # type: ignore[attr-defined]
    return case.place_source == PlaceSource.LIST and not (matter.grid_at_intake or matter.community)  # type: ignore[attr-defined]


def place(c: Context) -> None:
    """Take `lon` and `lat` (WGS-84) of the step, if they are said. A place that is known already is never moved.

    Raises Invalid (field `place`: no point of the district, or not in the actor's divisions), Conflict.
    """
    lon, lat = c.said("lon"), c.said("lat")
    if lon is None or lat is None:
        return
    if not placeless(c.case):
        raise Conflict("place_known", _("这件事已经有地点，不能再改。"))
    found = territory.check_point(float(lon), float(lat))
    if c.actor.kind != "system" and not c.actor.holds(
        CASE.stages[CASE.start].kinds, found.community or found.subdistrict or found.district
    ):
        raise refuse("place_out_of_scope", _("这个地点不在您的辖区，请由区受理员立案。"), "place")
    source = c.said("place_source")
    c.located = found
    c.facts["grid"] = found.grid
    c.values |= {
        "area": found.community or found.subdistrict or found.district,
        "subdistrict": found.subdistrict,
        "community": found.community,
        "grid_at_intake": found.grid,
    }
    c.on_case |= {
        "lon": float(lon),
        "lat": float(lat),
        "near": found.near,
        "place_source": source if source in ASKED else PlaceSource.MAP,
    }
