"""Make packs/xicheng from the reference data: `python packs/build_xicheng.py FOLDER`. A developer's tool, not run by users.

FOLDER holds district, subdistricts, communities, residential, green (GeoJSON), communities_2016.csv and the
parquet files of roads and facilities. Needs pyarrow (the `test` extra). The same input gives the same bytes.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pyproj
import shapely
from shapely.geometry import shape

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "src"))

from linli.territory.squares import square_grid  # noqa: E402  (the path is set above)

OUT = HERE / "xicheng"
GEOD = pyproj.Geod(ellps="WGS84")
ROAD_CLASS = {
    "trunk": 1, "primary": 2, "secondary": 3, "tertiary": 4, "residential": 5, "unclassified": 5,
    "living_street": 5, "service": 6, "footway": 6, "cycleway": 6, "path": 6, "steps": 6,
}  # fmt: skip


def main(source: Path) -> None:
    """Write every file of the pack."""
    OUT.mkdir(exist_ok=True)
    communities = _communities(source)
    _divisions(source, communities)
    _grids(communities)
    _names(source)
    _roads(source)
    _facilities(source)
    _network(source)
    _areas(source, "green", ("osm_id", "name", "category"))
    _areas(source, "residential", ("osm_id", "name"))
    for path in sorted(OUT.iterdir()):
        print(f"{path.stat().st_size:>10,}  {path.name}")


def _features(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text())["features"]


def _geometry(geometry: shapely.Geometry, digits: int) -> dict[str, Any]:
    def trim(node: Any) -> Any:
        return round(node, digits) if isinstance(node, float | int) else [trim(n) for n in node]

    plain = json.loads(shapely.to_geojson(geometry))
    return {"type": plain["type"], "coordinates": trim(plain["coordinates"])}


def _write(name: str, rows: Iterable[tuple[dict[str, Any], shapely.Geometry]], digits: int = 6) -> None:
    """One feature a line, so that a change reads well in a diff."""
    lines = [
        json.dumps(
            {"type": "Feature", "properties": properties, "geometry": _geometry(geometry, digits)},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for properties, geometry in rows
    ]
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"
    (OUT / f"{name}.geojson").write_text(text)


def _table(name: str, header: list[str], rows: Iterable[list[Any]]) -> None:
    with (OUT / f"{name}.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _area_m2(geometry: shapely.Geometry) -> int:
    return round(abs(GEOD.geometry_area_perimeter(geometry)[0]))


def _communities(source: Path) -> dict[str, tuple[str, shapely.Geometry]]:
    found = {}
    for feature in _features(source / "communities.geojson"):
        properties = feature["properties"]
        geometry = shapely.orient_polygons(shapely.normalize(shape(feature["geometry"])))
        found[properties["code12"]] = (properties["name"].removesuffix("居委会"), geometry)
    return dict(sorted(found.items()))


def _divisions(source: Path, communities: dict[str, tuple[str, shapely.Geometry]]) -> None:
    """Subdistricts and the district are dissolved from the community cells: the three levels share every vertex."""
    names = {f["properties"]["code9"]: f["properties"]["name"] for f in _features(source / "subdistricts.geojson")}
    cells: dict[str, list[shapely.Geometry]] = defaultdict(list)
    for code, (_name, geometry) in communities.items():
        cells[code[:9]].append(geometry)
    whole = {code: shapely.coverage_union_all(parts) for code, parts in sorted(cells.items())}
    tidy = {code: shapely.orient_polygons(shapely.normalize(g)) for code, g in whole.items()}
    district = shapely.orient_polygons(shapely.normalize(shapely.coverage_union_all(list(tidy.values()))))
    _write("district", [({"code": "110102", "name": "西城区", "approximate": False}, district)])
    _write("subdistricts", [({"code": c, "name": names[c], "approximate": True}, g) for c, g in tidy.items()])
    _write("communities", [({"code": c, "name": n, "approximate": True}, g) for c, (n, g) in communities.items()])


def _grids(communities: dict[str, tuple[str, shapely.Geometry]]) -> None:
    squares = square_grid({code: geometry for code, (_n, geometry) in communities.items()})
    rows = [({"code": s.code, "area_m2": _area_m2(s.geometry)}, s.geometry) for s in squares]
    _write("grids", rows, digits=7)
    print(len(squares), "grids")


def _names(source: Path) -> None:
    with (source / "communities_2016.csv").open() as file:
        rows = sorted(csv.DictReader(file), key=lambda r: r["code"])
    _table(
        "communities_2016",
        ["code", "name", "committee", "subdistrict", "lon", "lat", "coord_check"],
        [[r["code"], r["short"], r["name"], r["code"][:9], r["lon"], r["lat"], r["coord_check"]] for r in rows],
    )


def _roads(source: Path) -> None:
    """Edges joined into lines per (class, link, name); class 1 trunk ... 6 footways; motorways are not in the source."""
    nodes = parquet.read_table(source / "walk_nodes.parquet", columns=["id", "lon", "lat"]).to_pydict()
    at = dict(zip(nodes["id"], zip(nodes["lon"], nodes["lat"], strict=True), strict=True))
    groups: dict[tuple[int, int, str], list[shapely.LineString]] = defaultdict(list)
    edges = parquet.read_table(source / "walk_edges.parquet", columns=["u", "v", "highway", "name"]).to_pylist()
    for edge in edges:
        kind = edge["highway"].removesuffix("_link")
        key = (ROAD_CLASS[kind], int(kind != edge["highway"]), edge["name"] or "")
        groups[key].append(shapely.LineString([at[edge["u"]], at[edge["v"]]]))
    rows = []
    for (kind, link, name), pieces in sorted(groups.items()):
        merged = shapely.line_merge(shapely.union_all(pieces))
        lines = sorted(shapely.get_parts(merged), key=lambda g: shapely.get_coordinates(g).tolist())
        lines = [shapely.simplify(g, 2e-6) for g in lines]  # 0.2 m: straight runs lose their middle points
        properties: dict[str, Any] = {"c": kind} | ({"n": name} if name else {}) | ({"l": 1} if link else {})
        rows.append((properties, shapely.multilinestrings(lines)))
    _write("roads", rows, digits=6)


def _facilities(source: Path) -> None:
    rows = parquet.read_table(source / "facilities.parquet").to_pylist()
    kept = [
        [r["element_type"][0] + str(r["osm_id"]), r["facility_class"], r["category"], r["name"] or "",
         f"{r['lon']:.6f}", f"{r['lat']:.6f}", r["adcode"], r["layer"],
         (r["addr:street"] or "") + (r["addr:housenumber"] or ""), r["opening_hours"] or "", r["wheelchair"] or "",
         r["snapshot"]]
        for r in rows
    ]  # fmt: skip
    header = ["osm", "class", "category", "name", "lon", "lat", "district"]
    _table("facilities", [*header, "key", "address", "opening_hours", "wheelchair", "as_of"], sorted(kept))


def _network(source: Path) -> None:
    """The walking network as it is: the engine of reach does its own cleaning, and says what it dropped."""
    for name in ("walk_nodes.parquet", "walk_edges.parquet", "crossings.csv"):
        shutil.copyfile(source / name, OUT / name)


def _areas(source: Path, name: str, keep: tuple[str, ...]) -> None:
    rows = []
    for feature in sorted(_features(source / f"{name}.geojson"), key=lambda f: f["properties"]["osm_id"]):
        properties = {k: feature["properties"].get(k) for k in keep} | {"district": feature["properties"]["adcode"]}
        geometry = shapely.orient_polygons(shapely.normalize(shape(feature["geometry"])))
        rows.append(({k: v for k, v in properties.items() if v}, geometry))
    _write(name, rows)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
