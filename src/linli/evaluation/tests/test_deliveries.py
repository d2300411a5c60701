"""A file from upload to undo; vintages; the year that is stopped; rulings."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from linli.accounts.models import Audit
from linli.core import clock
from linli.core.actor import SYSTEM, Actor, Post
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.evaluation.actions import deliveries as write
from linli.evaluation.actions import rulings
from linli.evaluation.models import Delivery, Observation, Publication, Series, SeriesName, Unit, UnitName
from linli.evaluation.queries import checks
from linli.evaluation.queries import deliveries as read
from linli.evaluation.queries import observations as obs
from linli.evaluation.queries.series import one_calibre
from linli.evaluation.sources import How

ANALYST = Actor("person", 1, "分析员", (Post(1, "analyst", "110102"),))
CHIEF = Actor("person", 2, "值班长", (Post(2, "chief", "110102"),))
CODES = {"110000": "北京市", "120000": "天津市", "130000": "河北省", "140000": "山西省", "150000": "内蒙古自治区"}
DAY = date(2025, 12, 1)


@pytest.fixture
def ground(db: None) -> None:
    Publication.objects.create(code="nbs", title="国家数据", publisher="国家统计局")
    Unit.objects.create(code="100000", level="nation", name="全国", short="全国", provenance="sourced")
    for i, (code, name) in enumerate(CODES.items()):
        Unit.objects.create(
            code=code, level="province", parent="100000", name=name, short=name[:2], order=i, provenance="sourced"
        )
    common = {"origin": "public", "provenance": "sourced"}
    survey = Series.objects.create(
        code="survey",
        concept="people",
        name="样本人数",
        symbol="人",
        calibre="survey_1_permille",
        calibre_name="1‰",
        **common,
    )
    SeriesName.objects.create(series=survey, text="人口数(人口抽样调查)", plain="人口数(人口抽样调查)")
    Series.objects.create(
        code="survey1",
        concept="people",
        name="样本人数（1%）",
        symbol="人",
        calibre="survey_1_percent",
        calibre_name="1%",
        **common,
    )
    Series.objects.create(code="gdp", concept="gdp", name="生产总值", symbol="亿元", adds_up=True, **common)
    Series.objects.create(code="rate", concept="rate", name="城镇化率", symbol="%", **common)


def table(years: dict[int, list[float | str]], head: str = "地区", names: list[str] | None = None) -> bytes:
    rows = [",".join([head, *(f"{y}年" for y in years)])]
    for i, name in enumerate(names or list(CODES.values())):
        rows.append(",".join([name, *(str(v[i]) for v in years.values())]))
    return "\n".join(rows).encode("gb18030")


def stage(data: bytes, vintage: date = DAY, **how: object) -> UUID:
    return write.stage(
        actor=ANALYST,
        data=data,
        name="a.csv",
        publication="nbs",
        vintage=vintage,
        how=How(**how),  # type: ignore[arg-type]
    )


def take(data: bytes, vintage: date = DAY, **how: object) -> UUID:
    id = stage(data, vintage, **how)
    write.confirm(actor=ANALYST, id=id, seen=read.preview(actor=ANALYST, id=id).stamp)
    return id


def value(series: str, unit: str, year: int, **more: object) -> float | None:
    found = obs.cells(series=[series], units=[unit], years=[year], **more)  # type: ignore[arg-type]
    return found[0].value if found else None


def test_nothing_holds_before_it_is_confirmed_and_everything_after(ground: None) -> None:
    id = stage(table({2022: [1, 2, 3, 4, 5]}), series="gdp")
    assert value("gdp", "110000", 2022) is None and not Observation.objects.exists()
    seen = read.preview(actor=ANALYST, id=id)
    assert (seen.new, seen.same, seen.missing, seen.years) == (5, 0, 0, [2022])
    assert write.confirm(actor=ANALYST, id=id, seen=seen.stamp) == 5
    assert value("gdp", "150000", 2022) == 5.0
    row = Delivery.objects.get(pk=id)
    assert (row.state, row.staged, row.rows) == ("applied", None, 5)
    assert Audit.objects.filter(target="statistics", body__contains="deliver").exists()
    with pytest.raises(Conflict):
        write.confirm(actor=ANALYST, id=id, seen=seen.stamp)


def test_the_same_file_again_is_told(ground: None) -> None:
    data = table({2022: [1, 2, 3, 4, 5]})
    id = stage(data, series="gdp")
    with pytest.raises(Conflict) as waiting:
        stage(data, series="gdp")
    assert waiting.value.code == "already_staged" and waiting.value.details["id"] == str(id)
    write.confirm(actor=ANALYST, id=id, seen=read.preview(actor=ANALYST, id=id).stamp)
    with pytest.raises(Conflict) as there:
        stage(data, series="gdp")
    assert there.value.code == "already_delivered"
    write.undo(actor=ANALYST, id=id, why="装错了")
    assert stage(data, series="gdp")


def test_the_latest_vintage_holds_and_an_undo_brings_back_the_one_before(ground: None) -> None:
    old = take(table({2022: [10, 20, 30, 40, 50]}), date(2023, 9, 1), series="gdp")
    before = clock.now()
    new = take(table({2022: [11, 20, "", 40, "—"]}), date(2024, 9, 1), series="gdp")
    assert value("gdp", "110000", 2022) == 11.0
    assert value("gdp", "130000", 2022) == 30.0  # an empty cell says nothing
    assert value("gdp", "150000", 2022) is None  # a dash says that there is none
    assert [c.value for c in obs.vintages("gdp", "110000", 2022)] == [11.0, 10.0]
    assert value("gdp", "110000", 2022, cut=before) == 10.0
    between = clock.now()
    write.undo(actor=ANALYST, id=new, why="版本有误")
    assert value("gdp", "110000", 2022) == 10.0
    assert value("gdp", "110000", 2022, cut=between) == 11.0  # what held then can be computed again
    late = take(table({2022: [9, 9, 9, 9, 9]}), date(2020, 1, 1), series="gdp")
    assert value("gdp", "110000", 2022) == 10.0 and late != old  # an older vintage that comes later does not hold
    with pytest.raises(Conflict):
        write.undo(actor=ANALYST, id=new, why="再一次")
    with pytest.raises(Invalid):
        write.undo(actor=ANALYST, id=old, why="  ")


def test_differences_from_what_holds_are_shown_before_confirming(ground: None) -> None:
    take(table({2022: [10, 20, 30, 40, 50]}), date(2023, 9, 1), series="gdp")
    id = stage(table({2022: [10, 26, 30, 40, 50.01], 2023: [1, 1, 1, 1, 1]}), date(2024, 9, 1), series="gdp")
    seen = read.preview(actor=ANALYST, id=id)
    assert (seen.new, seen.same) == (5, 4) and [(c.unit, now, was) for c, now, was in seen.against] == [
        ("120000", 26.0, 20.0)
    ]


def test_unknown_names_are_explained_and_remembered(ground: None) -> None:
    data = table({2022: [1, 2, 3, 4, 5]}, names=["北京城", "天津市", "河北省", "山西省", "内蒙古自治区"])
    id = stage(data, series="gdp")
    seen = read.preview(actor=ANALYST, id=id)
    assert seen.reading.unknown_units == {"北京城": 1} and seen.new == 4
    how = read.how_of({**seen.how, "units": {"北京城": "110000"}})
    write.explain(actor=ANALYST, id=id, how=how, keep=True)
    again = read.preview(actor=ANALYST, id=id)
    assert not again.reading.unknown_units and again.new == 5 and again.stamp != seen.stamp
    with pytest.raises(Conflict):  # the page that was looked at is no longer what would be written
        write.confirm(actor=ANALYST, id=id, seen=seen.stamp)
    assert UnitName.objects.get(plain="北京城").unit.code == "110000"
    assert Audit.objects.filter(target="statistics", body__contains="unit_name").count() == 1
    with pytest.raises(Conflict) as taken:
        how = read.how_of({**seen.how, "units": {"北京城": "120000"}})
        write.explain(actor=ANALYST, id=id, how=how, keep=True)
    assert taken.value.code == "names_taken"
    with pytest.raises(Invalid):
        write.explain(actor=ANALYST, id=id, how=How(units={"甲": "999999"}))


def test_a_2015_survey_without_its_foot_note_is_caught_and_stopped(ground: None) -> None:
    base = [17_000, 12_000, 60_000, 30_000, 20_000]
    years = {y: [v + 10 * y for v in base] for y in range(2012, 2019)}
    years[2015] = [v * 19 for v in years[2014]]
    take(table(dict(years)), series="survey")
    (found,) = checks.findings("calibre_break")
    assert (found.series, found.year, found.stops) == ("survey", 2015, True) and "1%" in found.sentence
    cell = obs.cells(series=["survey"], units=["110000"], years=[2015])[0]
    assert (cell.value, cell.status) == (None, "M") and "口径断层" in cell.note
    assert value("survey", "110000", 2014) is not None
    ruled = rulings.rule(
        actor=ANALYST, series="survey", year=2015, finding="calibre_break", kind="accept", reason="核对过"
    )
    assert value("survey", "110000", 2015) == years[2015][0] and not checks.findings("calibre_break")[0].stops
    rulings.end(actor=ANALYST, id=ruled)
    assert value("survey", "110000", 2015) is None
    rulings.rule(
        actor=ANALYST, series="survey", year=2015, finding="calibre_break", kind="exclude", reason="是 1% 抽样"
    )
    cell = obs.cells(series=["survey"], units=["110000"], years=[2015])[0]
    assert cell.value is None and "1% 抽样" in cell.note
    with pytest.raises(Conflict):
        rulings.rule(actor=ANALYST, series="survey", year=2015, finding="calibre_break", kind="accept", reason="x")


def test_a_year_of_fractions_among_percentages_is_stopped(ground: None) -> None:
    take(table({2020: [60, 61, 62, 63, 64], 2021: [61, 62, 63, 64, 65]}), series="rate")
    take(table({2022: [0.62, 0.63, 0.64, 0.65, 0.66]}), series="rate", symbol="%")
    assert [(f.year, f.stops) for f in checks.findings("percent_fraction")] == [(2022, True)]


def test_growth_and_steady_series_raise_no_alarm(ground: None) -> None:
    years = {y: [100 * 1.2 ** (y - 2010) * k for k in (1, 2, 3, 4, 5)] for y in range(2010, 2024)}
    take(table(dict(years)), series="gdp")
    assert not [f for f in checks.findings() if f.stops or f.code == "unit_jump"]


def test_sums_against_the_nation(ground: None) -> None:
    names = ["全国", *CODES.values()]
    take(table({2022: [16, 1, 2, 3, 4, 5], 2023: [15, 1, 2, 3, 4, 5]}, names=names), series="gdp")
    assert [(f.year, f.unit) for f in checks.findings("nation_total")] == [(2022, "100000")]


def test_two_calibres_are_never_put_in_one_column(ground: None) -> None:
    one_calibre(["gdp", "survey"])
    with pytest.raises(Invalid) as refused:
        one_calibre(["survey", "survey1"])
    assert refused.value.code == "calibres_mixed"


def test_who_may(ground: None) -> None:
    data = table({2022: [1, 2, 3, 4, 5]})
    with pytest.raises(Forbidden):
        write.stage(actor=CHIEF, data=data, name="a", publication="nbs", vintage=DAY)
    id = stage(data, series="gdp")
    with pytest.raises(Missing):
        read.delivery(actor=CHIEF, id=id)
    for call in (
        lambda: write.undo(actor=CHIEF, id=id, why="x"), lambda: write.drop(actor=CHIEF, id=id),
        lambda: write.confirm(actor=CHIEF, id=id, seen=""),
        lambda: rulings.rule(actor=CHIEF, series="gdp", year=2022, finding="unit_jump", kind="accept", reason="x"),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            call()
    write.drop(actor=ANALYST, id=id)
    assert not Delivery.objects.exists()
    with pytest.raises(Invalid):
        write.stage(actor=SYSTEM, data=data, name="a", publication="nbs", vintage=clock.today() + timedelta(days=1))


def test_a_confirm_that_breaks_leaves_nothing_behind(ground: None, monkeypatch: pytest.MonkeyPatch) -> None:
    id = stage(table({2022: [1, 2, 3, 4, 5]}), series="gdp")
    seen = read.preview(actor=ANALYST, id=id).stamp

    def broken(*_a: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(write, "_take_over", broken)
    with pytest.raises(RuntimeError):
        write.confirm(actor=ANALYST, id=id, seen=seen)
    assert not Observation.objects.exists() and Delivery.objects.get(pk=id).rows == 0
    monkeypatch.undo()
    assert write.confirm(actor=ANALYST, id=id, seen=seen) == 5
