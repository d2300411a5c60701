"""What the first visitor of a process would wait for, read beforehand: the network, today's facilities on it, the first answers."""

from __future__ import annotations

import contextlib

from linli.core import clock
from linli.core.errors import Missing
from linli.territory import queries as territory

from .. import matrices, network
from ..choices import CatalogueKind
from . import catalogue as catalogues
from . import packed
from .around import around


def warm() -> None:
    """Build the walking network and answer once what pages ask first; nothing where there is no network or no catalogue."""
    with contextlib.suppress(Missing):
        for pace in sorted(catalogues.paces(), key=lambda p: not p.steps):  # most people take steps
            network.ground(pace.steps)
            matrices.feet(clock.today(), pace.steps)
            packed.packed(pace.steps)
            if pace.code == catalogues.pace().code:
                _first_answers()


def _first_answers() -> None:
    catalogue = catalogues.catalogue_in_force(CatalogueKind.SERVICES)
    matrices.reachable(catalogue.id, clock.today())
    district = territory.district().code
    for subdistrict in territory.divisions(9, district):
        for community in territory.divisions(12, subdistrict.code):
            if community.has_boundary and community.lon is not None and community.lat is not None:
                around(lon=community.lon, lat=community.lat)
                return
