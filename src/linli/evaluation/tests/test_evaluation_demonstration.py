"""The demonstration on the shipped statistics: 31 provinces, five years, honest about what has no data."""

from __future__ import annotations

from pathlib import Path

import pytest

from linli.core.actor import SYSTEM
from linli.evaluation.actions.frameworks import load_frameworks
from linli.evaluation.actions.load import load_publications, load_series, load_statistics, load_units
from linli.evaluation.queries import results as read
from linli.testing import evaluation

STATISTICS = Path(__file__).parents[4] / "packs" / "statistics"
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not STATISTICS.is_dir(), reason="packs/statistics is not in this installation"),
]


def test_thirty_one_provinces_over_five_years() -> None:
    for load in (load_units, load_series, load_publications, load_statistics):
        load(actor=SYSTEM, folder=STATISTICS)
    load_frameworks(actor=SYSTEM)
    assert evaluation.play()["results"] >= 2
    assert evaluation.play() == {}
    own = next(r for r in read.results(SYSTEM) if r.scenario == "体系自带")
    found = read.opened(SYSTEM, own.id)
    assert found.years == evaluation.YEARS
    assert len(found.result.panel.units) == 31
    assert (found.result.ranks_of() > 0).all()
    assert found.row.experimental
    assert found.row.reasons[0] == {"code": "part_without_data", "parts": ["party", "mobilisation", "relations"]}
    assert read.recomputed(found.row.digest).digest == found.row.digest
    assert found.summary["replicates"] == 8192
    wide = [h - low for low, h in zip(found.summary["low"], found.summary["high"], strict=True)]
    assert 0 < max(wide) <= 30
    by_experts = next(r for r in read.results(SYSTEM) if "专家" in r.scenario)
    assert by_experts.digest != own.digest
