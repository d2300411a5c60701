"""Where cases are, by the thousand and in columns: for work on many matters that asks where a border cuts."""

from __future__ import annotations

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from linli.flow.placed import among, as_list

from ..choices import PlaceSource


def points_of_ids(ids: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(lon, lat) of these cases, WGS-84, in their order (1 SQL). NaN where there is none: no case, or one without a place
    (`steps.placing.placeless`), which only stands where the label of its division stands."""
    lon, lat = np.full(len(ids), np.nan), np.full(len(ids), np.nan)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.matter_id, c.lon, c.lat FROM response_case AS c JOIN flow_matter AS m ON m.id = c.matter_id"  # noqa: S608
            f" WHERE {among('c.matter_id')} AND NOT (c.place_source = %s AND m.grid_at_intake = '' AND m.community = '')",
            [as_list(ids), str(PlaceSource.LIST)],
        )
        rows = cursor.fetchall()
    if rows:
        found = np.array(rows, np.float64)  # ids are exact in a float up to 2 ** 53
        known, order = found[:, 0].astype(np.int64), np.argsort(ids, kind="stable")
        at = order[np.searchsorted(ids, known, sorter=order)]
        lon[at], lat[at] = found[:, 1], found[:, 2]
    return lon, lat
