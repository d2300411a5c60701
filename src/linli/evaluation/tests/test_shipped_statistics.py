"""The statistics that come with the product, read by the same code as people's files."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from linli.core.actor import SYSTEM
from linli.evaluation.actions import load
from linli.evaluation.models import Delivery, Observation
from linli.evaluation.queries import checks
from linli.evaluation.queries import observations as obs
from linli.evaluation.queries import units as unit_reads

FOLDER = Path(settings.PACK).parent / "statistics"
FULL = (  # series that have every province in every year from 2019 to 2023
    "gdp", "urbanisation_rate", "tax_revenue", "patents_applied", "employed_urban_units", "secondary_share", "trade_total",
    "investment_funds_growth", "expenditure_total", "expenditure_education", "expenditure_health", "expenditure_social_security",
    "expenditure_culture", "expenditure_public_safety", "expenditure_community", "expenditure_environment",
    "expenditure_general", "expenditure_science", "expenditure_agriculture", "expenditure_transport",
)  # fmt: skip


@pytest.fixture
def shipped(db: None) -> Path:
    load.load_units(actor=SYSTEM, folder=FOLDER)
    load.load_series(actor=SYSTEM, folder=FOLDER)
    load.load_publications(actor=SYSTEM, folder=FOLDER)
    load.load_statistics(actor=SYSTEM, folder=FOLDER)
    return FOLDER


def test_thirty_one_provinces_over_five_years_are_there(shipped: Path) -> None:
    provinces = [u.code for u in unit_reads.units("province")]
    assert len(provinces) == 31 and len({u.labels["region"] for u in unit_reads.units("province")}) == 4
    years = range(2019, 2024)
    found = obs.cells(series=FULL, units=provinces, years=years)
    have = {(c.series, c.unit, c.year) for c in found if c.value is not None}
    lost = [(s, u, y) for s in FULL for u in provinces for y in years if (s, u, y) not in have]
    assert not lost, lost[:10]
    people = obs.cells(series=["population_resident"], units=provinces, years=years)
    assert {c.year for c in people if c.value is not None} == {
        2019,
        2020,
        2021,
        2022,
    }  # what the files do not hold is not there


def test_loading_again_changes_nothing(shipped: Path) -> None:
    before = Observation.objects.count(), Delivery.objects.count()
    assert load.load_statistics(actor=SYSTEM, folder=shipped) == 0
    load.load_units(actor=SYSTEM, folder=shipped)
    load.load_series(actor=SYSTEM, folder=shipped)
    assert (Observation.objects.count(), Delivery.objects.count()) == before


def test_the_2015_sample_is_a_series_of_its_own(shipped: Path) -> None:
    one = obs.cells(series=["population_survey"], units=["110000"], years=range(2013, 2018))
    assert [(c.year, c.value) for c in one] == [(2013, 17454), (2014, 17757), (2016, 18132), (2017, 17801)]
    own = obs.cells(series=["population_survey_1pct"], units=["110000"], years=[2015])
    assert [c.value for c in own] == [335775]


def test_three_states_of_the_product_stand_side_by_side(shipped: Path) -> None:
    found = obs.vintages("gdp", "110000", 2019)
    assert [c.value for c in found] == [37767.0, 35445.1, 35371.28]
    assert [c.in_force for c in found] == [True, False, False]
    (now,) = obs.cells(series=["gdp"], units=["110000"], years=[2019])
    assert now.value == 37767.0 and now.publication == "nbs_site" and now.digest


def test_what_the_checks_find_in_them(shipped: Path) -> None:
    found = checks.findings()
    by_code = {code: [f for f in found if f.code == code] for code in checks.CODES}
    assert not any(f.stops for f in found)
    assert {f.year for f in by_code["parts_incomplete"] if f.series == "expenditure_total"} >= {2019, 2022, 2023}
    assert not by_code["parts_total"] and not by_code["nation_total"]  # 2020 and 2021 sum, the nation is its provinces
    assert {f.year for f in by_code["vintages_differ"]} >= {2015, 2016, 2017, 2018, 2019}
    assert ("population_unstated", 2010) in {(f.series, f.year) for f in by_code["unit_jump"]}
    assert len(by_code["misspelt"]) == 3
