"""Networks from tables, GeoJSON and OpenStreetMap extracts, whole and damaged; and what is kept on disk."""

from __future__ import annotations

import builtins
import csv
import json
import math
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from linli_engines.reach import caching
from linli_engines.reach.building import build, plain_network
from linli_engines.reach.contraction import contract
from linli_engines.reach.network import Graph, Network
from linli_engines.reach.openstreetmap import read_barriers, read_osm
from linli_engines.reach.reading import read_geojson, read_tables, source_of_tables

Reference = Callable[[str], Path]
NODES = "id,lon,lat\n1,116.36,39.90\n2,116.361,39.90\n3,,39.90\n"
EDGES = "u,v,length_m,highway,foot\n1,2,85.5,footway,\n2,3,,steps,yes\n"


def files(folder: Path, nodes: str = NODES, edges: str = EDGES) -> tuple[Path, Path]:
    for name, text in (("nodes.csv", nodes), ("edges.csv", edges)):
        (folder / name).write_text(text)
    return folder / "nodes.csv", folder / "edges.csv"


def test_csv_and_parquet_say_the_same(tmp_path: Path) -> None:
    paths = files(tmp_path)
    source = read_tables(*paths)
    assert source.node_id.tolist() == [1, 2, 3] and math.isnan(source.lon[2]) and math.isnan(source.length_m[1])
    assert {k: [t.values[c] if c >= 0 else None for c in t.code] for k, t in source.tags.items()} == {
        "highway": ["footway", "steps"],
        "foot": [None, "yes"],
    }
    for name in ("nodes", "edges"):
        rows = list(csv.DictReader((tmp_path / f"{name}.csv").open()))
        typed = {k: [_cell(k, r[k]) for r in rows] for k in rows[0]}
        parquet.write_table(pa.table(typed), tmp_path / f"{name}.parquet")
    again = read_tables(tmp_path / "nodes.parquet", tmp_path / "edges.parquet")
    np.testing.assert_array_equal(again.lon, source.lon)
    assert build(again).network.digest == build(source).network.digest


def _cell(key: str, text: str) -> object:
    if key in {"highway", "foot"}:
        return text or None
    return (float(text) if "." in text else int(text)) if text else None


@pytest.mark.parametrize(
    ("nodes", "edges", "words"),
    [
        (NODES.replace("lon", "where"), EDGES, "no column for lon"),
        (NODES, EDGES.replace("u,", "begin,"), "no column for from_id"),
        (NODES.replace("116.36,", "east,"), EDGES, "column for lon"),
        (NODES + "4,5,6,7\n", EDGES, "cannot be read"),
    ],
)
def test_tables_that_cannot_be_read_say_why(tmp_path: Path, nodes: str, edges: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_tables(*files(tmp_path, nodes, edges))


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PK no parquet")
    with pytest.raises(ValueError, match="cannot be read"):
        read_tables(tmp_path / "a.parquet", tmp_path / "a.parquet")
    with pytest.raises(ValueError, match="neither"):
        read_tables(tmp_path / "a.xlsx", tmp_path / "a.xlsx")


def test_empty_tables_are_an_empty_network() -> None:
    none = pa.array([], pa.string())
    nodes = pa.table(
        {"id": pa.array([], pa.int64()), "lon": pa.array([], pa.float64()), "lat": pa.array([], pa.float64())}
    )
    edges = pa.table({"u": pa.array([], pa.int64()), "v": pa.array([], pa.int64()), "highway": none})
    assert build(source_of_tables(nodes, edges)).report.edges == 0


def test_ids_without_a_value_meet_nothing() -> None:
    nodes = pa.table({"id": [1, None, 2], "x": [116.0, 116.1, 116.2], "y": [39.0, 39.0, 39.0]})
    edges = pa.table({"u": [1, None], "v": [2, None]})
    report = build(source_of_tables(nodes, edges)).report
    assert report.edges == 1 and report.count("unknown_node") == 1


def geojson(folder: Path, lines: list[Any], *, properties: Any = None, swap: bool = False) -> Path:
    def turned(node: Any) -> Any:
        return node[::-1] if swap and isinstance(node[0], float) else [turned(n) for n in node] if swap else node

    path = folder / "streets.geojson"
    features = [
        {"type": "Feature", "properties": properties,
         "geometry": {"type": "MultiLineString" if isinstance(line[0][0], list) else "LineString", "coordinates": turned(line)}}
        for line in lines
    ]  # fmt: skip
    features.append({"type": "Feature", "properties": None, "geometry": None})
    path.write_text(json.dumps({"type": "FeatureCollection", "name": "a [b]", "features": features}))
    return path


CROSS = [
    [[116.36, 39.9], [116.361, 39.901], [116.362, 39.9]],
    [[[116.361, 39.901], [116.361, 39.902]], [[116.3605, 39.9], [116.3605, 39.902]]],
]


def test_geojson_lines_meet_where_they_share_a_corner(tmp_path: Path) -> None:
    source = read_geojson(geojson(tmp_path, CROSS, properties={"highway": "footway", "name": "x"}))
    assert sorted(zip(source.from_id.tolist(), source.to_id.tolist(), strict=True)) and len(source.from_id) == 4
    assert set(source.tags) == {"highway"}
    built = build(source)
    assert built.report.nodes == 6 and built.report.component_nodes.tolist() == [4, 2] and not built.report.findings
    assert len(contract(built.network).arc) == 4
    bend = read_geojson(geojson(tmp_path, [[[116.36, 39.9], [116.36, 39.901], [116.361, 39.901]]]))
    network = build(bend).network
    assert network.length_m.tolist() == pytest.approx([111.04 + 85.5], abs=0.2)
    assert network.line_start is not None and network.line_start.tolist() == [0, 3]


def test_geojson_with_latitude_first_is_seen(tmp_path: Path) -> None:
    right = build(read_geojson(geojson(tmp_path, CROSS)))
    source = read_geojson(geojson(tmp_path, CROSS, swap=True))
    assert source.swapped
    turned = build(source)
    assert turned.report.count("coordinates_swapped") == 6
    assert turned.network.digest == right.network.digest
    near = [[[39.9, 48.0], [39.91, 48.0]]]  # possible either way: only a box can tell
    assert not read_geojson(geojson(tmp_path, near)).swapped
    assert read_geojson(geojson(tmp_path, near), box=(47, 39, 49, 41)).swapped


def test_geojson_that_breaks_off_or_is_something_else(tmp_path: Path) -> None:
    path = geojson(tmp_path, CROSS)
    path.write_text(path.read_text()[:300])
    with pytest.raises(ValueError, match="breaks off"):
        read_geojson(path)
    path.write_text('{"type": "Point", "coordinates": [1, 2]}')
    with pytest.raises(ValueError, match="no GeoJSON feature collection"):
        read_geojson(path)
    with pytest.raises(ValueError, match="no pair of numbers"):
        read_geojson(geojson(tmp_path, [[[116.36, 39.9], [None, 39.9]]]))


OSM = """<?xml version="1.0"?><osm version="0.6" generator="test">
<node id="1" version="1" lon="116.360" lat="39.90"/><node id="2" version="1" lon="116.361" lat="39.90">
<tag k="highway" v="traffic_signals"/></node><node id="3" version="1" lon="116.362" lat="39.90"/>
<node id="4" version="1" lon="116.362" lat="39.91"/>
<way id="7" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/></way>
<way id="8" version="1"><nd ref="3"/><nd ref="4"/><tag k="highway" v="motorway"/></way>
<way id="9" version="1"><nd ref="1"/><nd ref="4"/><tag k="waterway" v="river"/></way>
<way id="10" version="1"><nd ref="2"/><nd ref="4"/><tag k="waterway" v="river"/><tag k="tunnel" v="culvert"/></way>
<way id="11" version="1"><nd ref="3"/><nd ref="99"/><tag k="highway" v="footway"/></way></osm>"""


def test_openstreetmap_extracts(tmp_path: Path) -> None:
    osmium = pytest.importorskip("osmium", reason="the extra osm is not installed")
    path = tmp_path / "a.osm"
    path.write_text(OSM)
    with osmium.SimpleWriter(str(tmp_path / "a.osm.pbf")) as writer:
        for thing in osmium.FileProcessor(str(path)):
            writer.add(thing)
    for name in ("a.osm", "a.osm.pbf"):
        source = read_osm(tmp_path / name)
        assert source.crossing == {2: "traffic_signals"}
        report = build(source).report
        assert report.edges == 2 and report.count("not_walkable:highway=motorway") == 1
        assert report.count("unknown_node") == 1
        assert [line.wkt for line in read_barriers(tmp_path / name, {"waterway": {"river"}})] == [
            "LINESTRING (116.36 39.9, 116.362 39.91)"
        ]
        assert len(read_barriers(tmp_path / name)) == 2, "a motorway is fenced"
    path.write_text("<osm")
    with pytest.raises(ValueError, match="cannot be read"):
        read_osm(path)


def test_without_osmium_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any, **named: Any) -> Any:
        if name == "osmium":
            raise ImportError(name)
        return real(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"linli\[osm\]"):
        read_osm(tmp_path / "a.osm.pbf")


def test_seattle_counts_as_the_reference_says(reference: Reference) -> None:
    """pandana's sample: hops from two nodes to three facilities at their nearest nodes."""
    folder = reference("reach/pandana")
    source = read_tables(folder / "nodes.csv", folder / "edges.csv")
    assert len(source.node_id) == 1498
    place = {n: i for i, n in enumerate(source.node_id.tolist())}
    pairs = np.array(
        [[place[u], place[v]] for u, v in zip(source.from_id.tolist(), source.to_id.tolist(), strict=True)]
    )
    graph = contract(plain_network(pairs, np.ones(len(pairs)), np.column_stack((source.lon, source.lat))))
    at = {int(v): i for i, v in enumerate(graph.node)}
    rows = csr_array((graph.cost_m, graph.head, graph.start), (len(graph.node),) * 2)
    facilities = [
        int(np.hypot(source.lon - x, source.lat - y).argmin()) for x, y in ((-122.31, 47.6), (-122.32, 47.61))
    ]
    for node, (far, near) in {53114882: (13, 7), 53114880: (14, 6)}.items():
        assert [_hops(graph, rows, at, place[node], f) for f in facilities] == [far, near]
    assert math.isinf(_hops(graph, rows, at, place[53227769], facilities[0]))


def _hops(graph: Graph, rows: csr_array, at: dict[int, int], a: int, b: int) -> float:
    def ends(v: int) -> list[tuple[int, float]]:
        if v in at:
            return [(at[v], 0.0)]
        arc = graph.node_arc[v]
        there = graph.node_forward_m[v]
        return [(int(graph.arc[arc, 0]), there), (int(graph.arc[arc, 1]), graph.arc_forward_m[arc] - there)]

    least = dijkstra(rows, indices=[v for v, _ in ends(a)])
    found = min(m + least[i, w] + n for i, (_, m) in enumerate(ends(a)) for w, n in ends(b))
    if a not in at and b not in at and graph.node_arc[a] == graph.node_arc[b]:
        found = min(found, abs(graph.node_forward_m[a] - graph.node_forward_m[b]))
    return float(found)


def test_the_mock_town_by_networkx(reference: Reference) -> None:
    rows = list(csv.DictReader(reference("reach/cityseer_mock/edges.csv").open()))
    want = np.array(list(csv.reader(reference("reach/cityseer_mock/node_distances_networkx.csv").open()))[1:], float)[
        :, 1:
    ]
    pairs = np.array([[int(r["u"]), int(r["v"])] for r in rows])
    graph = contract(plain_network(pairs, np.array([float(r["length"]) for r in rows]), np.zeros((len(want), 2))))
    small = csr_array((graph.cost_m, graph.head, graph.start), (len(graph.node),) * 2)
    np.testing.assert_allclose(dijkstra(small), want[np.ix_(graph.node, graph.node)], atol=1e-3)


def same(one: object, two: object) -> None:
    for field in fields(one):  # type: ignore[arg-type]
        a, b = getattr(one, field.name), getattr(two, field.name)
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
            assert a.dtype == b.dtype
        elif not isinstance(a, Network):
            assert a == b


@pytest.mark.parametrize("one_way", [False, True])
def test_what_is_kept_comes_back_the_same(tmp_path: Path, one_way: bool) -> None:
    edge, back = np.array([[0, 1], [1, 2], [2, 3], [1, 1]]), np.array([math.inf, 2.0, 3.0, 4.0])
    network = plain_network(edge, np.array([1.0, 2, 3, 4]), backward_m=back if one_way else None)
    caching.keep_network(tmp_path, network)
    again = caching.kept_network(tmp_path, network.digest)
    assert again is not None
    same(again, network)
    assert (again.backward_m is again.forward_m) is not one_way
    for _ in range(2):  # made, then read
        graph = caching.graph_of(tmp_path, again)
        same(graph, contract(network))
        assert (graph.cost_m is graph.back_cost_m) is not one_way


def test_a_drawn_network_is_kept_with_its_lines(tmp_path: Path) -> None:
    network = build(read_geojson(geojson(tmp_path, CROSS))).network
    caching.keep_network(tmp_path, network)
    again = caching.kept_network(tmp_path, network.digest)
    assert again is not None
    same(again, network)


@pytest.mark.parametrize("damage", ["short", "empty", "bit", "text"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: str) -> None:
    arrays = {"a": np.arange(1000.0)}
    path = caching.keep(tmp_path, "graph", "abc", arrays)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    path.write_bytes({"short": whole[:-100], "empty": b"", "bit": bytes(flipped), "text": b"no archive"}[damage])
    assert caching.kept(tmp_path, "graph", "abc") is None
    made = []

    def make() -> dict[str, np.ndarray]:
        made.append(1)
        return arrays

    for _ in range(2):
        np.testing.assert_array_equal(caching.derived(tmp_path, "graph", "abc", make)["a"], arrays["a"])
    assert made == [1]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(caching.os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        caching.keep(tmp_path, "graph", "abc", {"a": np.zeros(3)})
    assert not list(tmp_path.iterdir()) and caching.kept(tmp_path, "graph", "abc") is None
    with pytest.raises(ValueError, match="not a name"):
        caching.path_of(tmp_path, "../graph", "abc")
