"""The demonstration of the nets: three layers, a merger half decided, the catalogue in force, all said to be simulated."""

from __future__ import annotations

from linli.core.actor import SYSTEM
from linli.ground.choices import CatalogueState, Net
from linli.ground.models import GridMatterCatalogue, NetLayer, NetMerger
from linli.ground.queries import mergers as reads
from linli.territory import queries as territory
from linli.testing import ground_nets
from linli.testing.fixtures import Cast


def test_three_simulated_nets_and_a_merger_partly_decided(district: Cast) -> None:
    made = ground_nets.play()
    assert made["layers"] == 3 and ground_nets.play() == {}
    layers = NetLayer.objects.filter(state="in_force")
    assert {x.net for x in layers} == set(Net.values) and all(x.simulated for x in layers)
    assert all(not x.report["refused"] for x in layers)
    (merger,) = NetMerger.objects.select_related("matter")
    assert merger.simulated and merger.matter.simulated and merger.matter.stage == "open"
    left, of = reads.progress(merger.pk)[""]
    assert 0 < left < of and made["decided"] == of - left
    said = merger.summary["nets"]
    assert said[Net.SECURITY]["missing"] > 0 and said[Net.SECURITY]["several"] > 0
    assert said[Net.SERVICE]["agreeing"] < said[Net.CITY]["agreeing"]
    assert GridMatterCatalogue.objects.get(state=CatalogueState.IN_FORCE).rows.count() == 131
    assert reads.mergers(SYSTEM)[0].open == of and len(territory.grid_codes()) * 3 > of
