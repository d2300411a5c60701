"""Where summons and topics lie, for a change of borders. Done for a hundred thousand at once."""

from __future__ import annotations

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from linli.flow.placed import among, as_list

Points = tuple[NDArray[np.float64], NDArray[np.float64]]


def of_summons(ids: NDArray[np.int64]) -> Points:
    """(lon, lat) of these summons, WGS-84, in their order (1 SQL); NaN where there is none."""
    return _points(ids, "SELECT matter_id, lon, lat FROM coordination_summons WHERE ")


def of_topics(ids: NDArray[np.int64]) -> Points:
    """The same of topics around a point; NaN for those of a whole community, which follow its code."""
    return _points(ids, "SELECT matter_id, lon, lat FROM coordination_topic WHERE radius_m > 0 AND ")


def _points(ids: NDArray[np.int64], select: str) -> Points:
    lon, lat = np.full(len(ids), np.nan), np.full(len(ids), np.nan)
    with connection.cursor() as cursor:
        cursor.execute(select + among("matter_id"), [as_list(ids)])
        known = {row[0]: row[1:] for row in cursor.fetchall()}
    for at, pk in enumerate(ids.tolist()):
        lon[at], lat[at] = known.get(pk, (np.nan, np.nan))
    return lon, lat
