"""What ships is taken in: catalogues with their mapping and paces, the facilities of a pack, homes and the walking network.

Each may be repeated: what is there already stays, and what people changed since is left alone.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely
from django.db import transaction
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid
from linli.territory import queries as territory
from linli.territory.choices import Level

from .. import permissions, revision, tables
from ..choices import CatalogueState, Provenance
from ..models import Catalogue, ClassRule, Facility, Home, Item, Network, Pace, Span
from ..queries.facilities import classes_of

BATCH = 1_000
OSM = "osm"
OSM_SOURCE = "© OpenStreetMap contributors, ODbL 1.0"
PARTS = ("walk_nodes.parquet", "walk_edges.parquet", "crossings.csv")


@dataclass(frozen=True, slots=True)
class FacilitiesLoaded:
    """Rows added, rows brought up to date, rows no catalogue asks for, and how many of the added have no name of their own."""

    added: int
    changed: int
    unmapped: int
    unnamed: int


def load_catalogues(*, actor: Actor, listed: str, texts: Mapping[str, str], rules: str, paces: str) -> list[str]:
    """Take in the versions of a list (JSON) with their rows (file name -> CSV), class rules and paces. The new codes.

    A version that is there keeps its rows: another content needs another code. Rules and paces that are there stay.
    Raises Forbidden, Invalid (bad_catalogue), Conflict (catalogue_code_used).
    """
    permissions.can_keep_catalogue(actor, territory.district().code).or_forbidden()
    new: list[str] = []
    with transaction.atomic():
        for entry in json.loads(listed):
            rows = tables.item_rows(tables.read(texts[entry["file"]]))
            if wrong := tables.problems(rows):
                said = [_("第 %(row)s 行：%(why)s") % {"row": p.place + 2, "why": p.sentence} for p in wrong]
                raise Invalid("bad_catalogue", _("目录不能装入，什么都没有改。"), fields={entry["file"]: said})
            if _put_catalogue(actor, entry, rows):
                new.append(entry["code"])
        _put_rules(tables.read(rules))
        _put_paces(tables.read(paces))
        revision.bump()
    return new


def _put_catalogue(actor: Actor, entry: Mapping[str, str], rows: list[tables.ItemRow]) -> bool:
    known = Catalogue.objects.filter(code=entry["code"]).first()
    if known is not None:
        compared = ("code", "parent", "name", "manner", "layer", "tier", "walk_m", "must", "provenance")
        there = list(known.items.order_by("code").values_list(*compared))
        if there != [tuple(getattr(r, f) for f in compared) for r in sorted(rows, key=lambda r: r.code)]:
            raise Conflict("catalogue_code_used", _("目录 %(code)s 已有另一份内容。") % {"code": entry["code"]})
        return False
    catalogue = Catalogue.objects.create(
        code=entry["code"],
        kind=entry["kind"],
        name=entry["name"],
        name_en=entry["name_en"],
        provenance=entry["provenance"],
        source=entry["source"],
        valid_from=date.fromisoformat(entry["valid_from"]),
        state=CatalogueState.PUBLISHED,
        made_at=clock.now(),
        made_by=actor.label,
    )
    put_items(catalogue, rows)
    return True


def put_items(catalogue: Catalogue, rows: list[tables.ItemRow]) -> None:
    """Write the rows of a version, in their order."""
    parents = {r.code: r.parent for r in rows}
    Item.objects.bulk_create(
        [
            Item(catalogue=catalogue, order=i, depth=tables.depth_of(r.code, parents), **asdict(r))
            for i, r in enumerate(rows, 1)
        ],
        batch_size=BATCH,
    )


def _put_rules(rows: list[dict[str, str]]) -> None:
    """Into the version of each kind that was taken in last."""
    newest = {c.kind: c for c in Catalogue.objects.order_by("pk")}
    there = set(ClassRule.objects.values_list("catalogue_id", "scheme", "key", "item"))
    fields = ("scheme", "key", "item", "provenance", "source")
    ClassRule.objects.bulk_create(
        [
            ClassRule(catalogue=newest[r["kind"]], **{f: r[f] for f in fields})
            for r in rows
            if (newest[r["kind"]].pk, r["scheme"], r["key"], r["item"]) not in there
        ],
        batch_size=BATCH,
    )


def _put_paces(rows: list[dict[str, str]]) -> None:
    there = set(Pace.objects.values_list("code", flat=True))
    for order, row in enumerate(rows, 1):
        if row["code"] not in there:
            Pace.objects.create(
                code=row["code"],
                name=row["name"],
                name_en=row["name_en"],
                metres_per_minute=int(row["metres_per_minute"]),
                minutes=int(row["minutes"]),
                steps=row["steps"] == "yes",
                order=order,
                provenance=row["provenance"],
                source=row["source"],
            )


def load_facilities(*, actor: Actor, text: str) -> FacilitiesLoaded:
    """The facilities of a pack (columns as in packs/xicheng/facilities.csv) that some class rule asks for.

    Those across the border come too: residents inside walk to them. A facility that somebody changed or that came by
    an import stays as it is. Raises Forbidden.
    """
    permissions.can_keep_catalogue(actor, territory.district().code).or_forbidden()
    rows = tables.read(text)
    pairs = sorted({(OSM, _key(r)) for r in rows})
    wanted = classes_of(ClassRule.objects.values_list("scheme", "key", "item", "provenance", "source"), pairs)
    asked = {pair[1] for i, pair in enumerate(pairs) if wanted[i]}
    kept = [r for r in rows if _key(r) in asked]
    place = territory.locate_many([float(r["lon"]) for r in kept], [float(r["lat"]) for r in kept])
    found = [_facility(r, c) for r, c in zip(kept, place.community.tolist(), strict=True)]
    unnamed = sum(not r["name"] for r in kept)
    there = {f.code: f for f in Facility.everything.filter(code__startswith=f"{OSM}:")}
    new = [f for f in found if f.code not in there]
    late = [f for f in (_brought_up(there[n.code], n) for n in found if n.code in there) if f is not None]
    for start in range(0, len(new), BATCH):  # part by part: whoever writes meanwhile waits for one part only
        with transaction.atomic():
            part = Facility.objects.bulk_create(new[start : start + BATCH])
            Span.objects.bulk_create([Span(facility=f) for f in part])
            revision.bump()
    for start in range(0, len(late), BATCH):
        with transaction.atomic():
            ids = [f.pk for f in late[start : start + BATCH]]
            still = set(Facility.objects.select_for_update().filter(pk__in=ids, version=1).values_list("pk", flat=True))
            part = [f for f in late[start : start + BATCH] if f.pk in still]  # not what somebody changed just now
            Facility.objects.bulk_update(part, _FIELDS)
            revision.bump()
    return FacilitiesLoaded(len(new), len(late), len(rows) - len(kept), unnamed)


_FIELDS = (
    "name", "class_key", "class_name", "address", "opening_hours", "wheelchair", "lon", "lat", "community", "district",
    "as_of",
)  # fmt: skip


def _key(row: Mapping[str, str]) -> str:
    return f"{row['key']}={row['category']}"


def _facility(row: Mapping[str, str], community: str) -> Facility:
    return Facility(
        code=f"osm:{row['osm']}",
        name=row["name"][:200] or row["class"],
        scheme=OSM,
        class_key=_key(row)[:60],
        class_name=row["class"],
        address=row["address"],
        opening_hours=row["opening_hours"],
        wheelchair=row["wheelchair"],
        lon=float(row["lon"]),
        lat=float(row["lat"]),
        community=community if len(community) == Level.COMMUNITY else "",
        district=community[:6] or row["district"],
        source=OSM_SOURCE,
        provenance=Provenance.SOURCED,
        as_of=date.fromisoformat(f"{row['as_of']}-01"),
    )


def _brought_up(there: Facility, now: Facility) -> Facility | None:
    """The row to write, or None where nothing differs, a person has changed it or an import brought it."""
    if there.version > 1 or there.origin_id is not None or all(getattr(there, f) == getattr(now, f) for f in _FIELDS):
        return None
    for f in _FIELDS:
        setattr(there, f, getattr(now, f))
    return there


def load_network(*, actor: Actor, files: Mapping[str, bytes], as_of: date, source: str, provenance: str) -> str:
    """Take in a walking network (the PARTS, as bytes): it is the one in force from now on. Its digest.

    Raises Forbidden, Invalid (bad_network) where a table cannot be read.
    """
    permissions.can_keep_catalogue(actor, territory.district().code).or_forbidden()
    digest = hashlib.sha256()
    for name in PARTS:
        digest.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
    name = digest.hexdigest()
    newest = Network.objects.order_by("-pk").values_list("digest", flat=True).first()
    if newest == name:
        return name
    report = _counted(files)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for part in PARTS:
            archive.writestr(zipfile.ZipInfo(part), files[part])  # no clock in it: the same files, the same bytes
    with transaction.atomic():
        Network.objects.filter(digest=name).delete()  # an older one that comes back becomes the newest
        Network.objects.create(
            digest=name, content=packed.getvalue(), report=report, source=source, provenance=provenance, as_of=as_of,
            made_at=clock.now(), made_by=actor.label,
        )  # fmt: skip
        revision.bump()
    return name


def _counted(files: Mapping[str, bytes]) -> dict[str, int]:
    import pyarrow
    from pyarrow import parquet

    try:
        tables = [parquet.read_metadata(io.BytesIO(files[name])) for name in PARTS[:2]]
        nodes, edges = (t.num_rows for t in tables)
        for table, needed in zip(tables, (("id", "lon", "lat"), ("u", "v", "length_m")), strict=True):
            if not table.num_rows or not set(needed) <= set(table.schema.names):
                raise ValueError(_("没有一行，或者缺少这些列：%(columns)s") % {"columns": "、".join(needed)})
    except (pyarrow.ArrowException, OSError, ValueError) as problem:
        raise Invalid("bad_network", _("步行路网不能读取：%(why)s") % {"why": str(problem)[:80]}) from problem
    return {"nodes": nodes, "edges": edges, "crossings": max(files[PARTS[2]].count(b"\n") - 1, 0)}


def load_homes(*, actor: Actor, areas: str, source: str) -> int:
    """Put homes in place of those there are: a point inside each residential area of the district (GeoJSON).

    A community with a boundary but no named area gets the middles of its base-grid cells, marked approximate; one
    without a boundary gets nothing, so that what is unknown of it stays unknown. How many people live where is not
    published: NULL. Returns how many. Raises Forbidden.
    """
    here = territory.district().code
    permissions.can_keep_catalogue(actor, here).or_forbidden()
    features = json.loads(areas)["features"]
    shapes = shapely.from_geojson([json.dumps(f["geometry"]) for f in features])
    points = shapely.get_coordinates(shapely.point_on_surface(shapes))
    place = territory.locate_many(points[:, 0], points[:, 1]).community
    homes = [
        _home(f"osm:{f['properties']['osm_id']}", f["properties"].get("name", ""), xy, code, source, approximate=False)
        for f, xy, code in zip(features, points.tolist(), place.tolist(), strict=True)
        if len(code) == Level.COMMUNITY
    ]
    homes += middles({h.community for h in homes}, source)
    codes = np.array([h.code for h in homes])
    if len(np.unique(codes)) != len(codes):
        raise Invalid("home_twice", _("居住区的编号重复。"))
    with transaction.atomic():
        Home.objects.all().delete()
        Home.objects.bulk_create(homes, batch_size=BATCH)
        revision.bump()
    return len(homes)


def middles(lived: Collection[str], source: str) -> list[Home]:
    """Approximate homes for the communities that have no other, where a boundary is known: the middles of their cells."""
    here = territory.district().code
    return [
        _home(f"grid:{c}", division.name, territory.grid_center(c), c[:12], source, approximate=True)
        for division in territory.divisions(Level.COMMUNITY, here)
        if division.code not in lived
        for c in territory.grid_codes(division.code)
    ]


def _home(code: str, name: str, xy: Any, community: str, source: str, *, approximate: bool) -> Home:
    return Home(
        code=code,
        name=name[:100],
        lon=round(xy[0], 6),
        lat=round(xy[1], 6),
        community=community,
        source=source,
        provenance=Provenance.SOURCED if not approximate else Provenance.PROVISIONAL,
        approximate=approximate,
    )
