"""Parts of edges within a cap, against the distance of sampled points over the raw edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from linli_engines.reach.building import plain_network
from linli_engines.reach.contraction import contract
from linli_engines.reach.isochrone import lines_of, outline, reached
from linli_engines.reach.network import Network
from linli_engines.reach.places import places_on_edges

SAMPLES = np.linspace(0.02, 0.98, 12).tolist()


def costs(network: Network, edge: int, offset: float, *, towards: bool) -> np.ndarray:
    """(N,) metres from a spot on an edge to every node, or back, by plain relaxation; the spot is the last node."""
    size = len(network.node_xy)
    least = np.full((size + 1, size + 1), math.inf)
    np.fill_diagonal(least, 0)
    for (u, v), there, back in zip(network.edge.tolist(), network.forward_m, network.backward_m, strict=True):
        least[u, v], least[v, u] = min(least[u, v], there), min(least[v, u], back)
    u, v = network.edge[edge]
    share = offset / network.length_m[edge]
    for node, part in ((v, 1 - share), (u, share)):
        out, back = (network.forward_m[edge], network.backward_m[edge])[:: 1 if node is v else -1]
        least[size, node] = min(least[size, node], part * out if part else 0.0)
        least[node, size] = min(least[node, size], part * back if part else 0.0)
    for k in range(size + 1):
        np.minimum(least, least[:, k : k + 1] + least[k : k + 1], out=least)
    return least[:size, size] if towards else least[size, :size]


def sampled(network: Network, edge: int, offset: float, e: int, share: float, *, towards: bool) -> float:
    """Metres between the spot and the point of edge e at the share."""
    node = costs(network, edge, offset, towards=towards)
    u, v = network.edge[e]
    there, back = network.forward_m[e], network.backward_m[e]
    if towards:
        there, back = back, there
    found = min(node[u] + share * there, node[v] + (1 - share) * back)
    if e == edge:
        at = offset / network.length_m[e]
        found = min(found, (share - at) * there if share >= at else (at - share) * back)
    return float(found)


@st.composite
def case(draw: st.DrawFn) -> tuple[Network, int, float, float]:
    nodes = draw(st.integers(1, 7))
    end = st.integers(0, nodes - 1)
    metres = st.integers(1, 100).map(float)
    one_way = draw(st.booleans())
    back = st.one_of(metres, st.just(math.inf)) if one_way else st.none()
    rows = draw(st.lists(st.tuples(end, end, metres, back), min_size=1, max_size=9))
    length = np.array([r[2] for r in rows])
    network = plain_network(
        np.array([r[:2] for r in rows]), length, np.zeros((nodes, 2)),
        backward_m=np.array([r[3] for r in rows]) if one_way else None,
    )  # fmt: skip
    edge = draw(st.integers(0, len(rows) - 1))
    return network, edge, draw(st.sampled_from([0.0, 0.25, 0.5, 1.0])) * length[edge], draw(st.integers(1, 220))


@given(case(), st.booleans())
@settings(max_examples=250, deadline=None)
def test_what_is_reached_is_what_is_near(drawn: tuple[Network, int, float, float], towards: bool) -> None:
    network, edge, offset, cap = drawn
    graph = contract(network)
    places = places_on_edges(graph, [edge], [offset], snap_m=[0.5])
    found = reached(graph, places, 0, cap, towards=towards)
    for e in range(len(network.edge)):
        mine = found.edge == e
        assert (found.from_share[mine][1:] > found.to_share[mine][:-1]).all()
        for share in SAMPLES:
            metres = 0.5 + sampled(network, edge, offset, e, share, towards=towards)
            within = bool(((found.from_share[mine] <= share) & (share <= found.to_share[mine])).any())
            if abs(metres - cap) > 1e-6:
                assert within == (metres < cap), (e, share, metres)


def test_a_half_street_and_its_outline() -> None:
    network = plain_network(
        np.array([[0, 1], [1, 2]]), np.array([100.0, 100.0]), np.array([[0, 0], [100, 0], [100, 100.0]])
    )
    graph = contract(network)
    places = places_on_edges(graph, [0, -1], [50.0, 0.0], snap_m=[10.0, 0.0])
    found = reached(graph, places, 0, 100)
    assert (found.edge.tolist(), found.from_share.tolist()) == ([0, 1], [0, 0])
    assert found.to_share.tolist() == pytest.approx([1, 0.4])
    assert found.length_m(network) == pytest.approx(140)
    drawn = [shapely.to_wkt(line, rounding_precision=6) for line in lines_of(network, found)]
    assert drawn == ["LINESTRING (0 0, 100 0)", "LINESTRING (100 0, 100 40)"]
    area = outline(network, found, 20)
    assert (
        area.geom_type == "Polygon"
        and area.contains(shapely.Point(100, 55))
        and not area.contains(shapely.Point(100, 65))
    )
    assert (
        not len(reached(graph, places, 1, 100).edge) and outline(network, reached(graph, places, 1, 100), 20).is_empty
    )
    assert not len(reached(graph, places, 0, 5).edge), "the way to the network uses up the cap"
    with pytest.raises(ValueError, match="cap"):
        reached(graph, places, 0, 0)
    with pytest.raises(ValueError, match="width"):
        outline(network, found, 0)


def test_a_part_of_a_drawn_way_bends_with_it() -> None:
    straight = plain_network(np.array([[0, 1]]), np.array([200.0]), np.array([[0, 0], [100.0, 100]]))
    bent = Network(
        straight.node_id, straight.node_xy, straight.edge, straight.length_m, straight.forward_m, straight.backward_m,
        np.array([0, 3]), np.array([[0, 0], [100, 0], [100, 100.0]]), straight.crs, "bent",
    )  # fmt: skip
    graph = contract(bent)
    found = reached(graph, places_on_edges(graph, [0], [0.0]), 0, 150)
    assert lines_of(bent, found)[0].wkt == "LINESTRING (0 0, 100 0, 100 50)"
