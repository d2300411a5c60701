"""Figures: well-formed, accessible, honest about what is missing, and no two calibres on one line."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from linli.core.errors import Invalid
from linli.evaluation import charts
from linli.evaluation.charts import Frame, Line, Part, Point, Row, Strip
from linli.evaluation.charts.svg import Scale, folded, number, ticks, wide

FRAME = Frame("综合指数 <2023>", "31 个地区的得分 & 位次", foot="结果 3f2a91c0 · 口径 常住人口 · 数据截至 2026-11-22")
SVG = "{http://www.w3.org/2000/svg}"


def rows() -> list[Row]:
    return [
        Row("北京", 71.25, 69.0, 73.0, 1, 1, 3, strong=True),
        Row("天津", 60.0, 58.0, 62.0, 2, 1, 4),
        Row("西藏", None),
    ]


def every(frame: Frame) -> dict[str, str]:
    names = ["党的建设", "社会服务"]
    line = Line("人口", (Point(2010, 1.0, "a"), Point(2011, None, "a"), Point(2012, 3.0, "a", firm=False)), "万人", "p")
    return {
        "ranking": charts.ranking(rows(), frame),
        "rank_intervals": charts.rank_intervals(rows(), frame, count=31),
        "bars": charts.bars([*rows(), Row("负", -3.5)], frame, unit="分", signed=True),
        "indices": charts.indices([("归一化", 0.561, 0.7), ("权重", 0.2, 0.3)], frame),
        "lines": charts.lines([line], frame),
        "panels": charts.line_panels([("一", [line]), ("二", [line])], frame),
        "heat": charts.heat(names, names, [[1.0, -0.5], [None, 1.0]], frame, middle=0.0, reach=1.0),
        "waterfall": charts.waterfall(
            Part("前", 50.0), [Part("数据", 3.0), Part("权重", -1.0)], Part("后", 52.0), frame
        ),
        "profile": charts.profile(
            [Strip("党的建设", 60.0, (50.0, None, 70.0), 1, 3), Strip("社会动员", None, ())], frame
        ),
        "scatter": charts.scatter([charts.Dot("京", 1.0, 2.0), charts.Dot("藏", None, 2.0)], frame, x="甲", y="乙"),
        "tiles": charts.tile_map({"110000": 71.25, "540000": None}, frame, strong="110000"),
        "empty": charts.lines([Line("空", (Point(2010, None),))], frame),
        "no rows": charts.ranking([], frame),
        "no dots": charts.scatter([], frame, x="", y=""),
    }


@pytest.mark.parametrize("width", [720, 340])
@pytest.mark.parametrize("heading", [True, False])
def test_every_figure_is_well_formed_named_and_within_its_sheet(width: int, heading: bool) -> None:
    frame = Frame(FRAME.title, FRAME.desc, FRAME.foot, width, heading)
    for name, text in every(frame).items():
        svg = ElementTree.fromstring(text)
        assert svg.get("role") == "img", name
        said = [e.text for i in str(svg.get("aria-labelledby")).split() for e in svg.iter() if e.get("id") == i]
        assert said == [frame.title, frame.desc], name
        assert "style=" not in text and "nan" not in text.lower(), name
        assert "3f2a91c0" in "".join(svg.itertext()), name
        height = float(str(svg.get("height")))
        for e in svg.iter(f"{SVG}text"):
            assert -1 <= float(str(e.get("x"))) <= width + 1 and 0 < float(str(e.get("y"))) <= height, (name, e.text)


def test_what_is_missing_is_said_and_is_no_zero() -> None:
    text = charts.ranking(rows(), FRAME)
    assert text.count("无数据") == 1 and text.count("<circle") == 2 and ">0.0<" not in text
    assert charts.bars(rows(), FRAME).count("<rect") == 2
    assert "71.2" in text and "1–3" in text


def test_an_experimental_ranking_has_no_ranks() -> None:
    text = charts.ranking(rows(), FRAME, ranked=False)
    assert "位次" not in text.split("</desc>")[1] and "1–3" not in text


def test_a_year_without_a_value_is_a_gap() -> None:
    points = tuple(Point(y, None if y == 2013 else float(y - 2000), "a") for y in range(2010, 2017) if y != 2015)
    text = charts.lines([Line("甲", points)], FRAME)
    assert text.count("<path") == 1, "2010-2012; 2014 and 2016 stand alone"
    assert text.count("<circle") == 5


def test_two_calibres_on_one_line_are_refused() -> None:
    mixed = Line("人口", (Point(2010, 91.2, "户籍人口"), Point(2011, 124.3, "常住人口")), "万人", "population")
    with pytest.raises(Invalid) as refused:
        charts.lines([mixed], FRAME)
    assert refused.value.code == "calibres_mixed" and "户籍人口、常住人口" in str(refused.value.message)


def test_two_calibres_of_one_thing_in_one_figure_are_refused_and_panels_take_them() -> None:
    a = Line("户籍", (Point(2010, 91.2, "户籍人口"), Point(2011, 92.0, "户籍人口")), "万人", "population")
    b = Line("常住", (Point(2010, 124.3, "常住人口"),), "万人", "population")
    with pytest.raises(Invalid, match="calibres_mixed"):
        charts.lines([a, b], FRAME)
    text = charts.line_panels([("户籍人口", [a]), ("常住人口", [b])], FRAME)
    assert "户籍人口" in text and "常住人口" in text
    with pytest.raises(Invalid, match="units_mixed"):
        charts.lines([a, Line("收入", (Point(2010, 1.0),), "元")], FRAME)
    empty = Line("人口", (Point(2010, 91.2, "户籍人口"), Point(2011, None, "常住人口")), "万人", "population")
    charts.lines([empty], FRAME)  # a gap has no calibre


def test_the_map_is_whole_and_says_what_it_does_not_evaluate() -> None:
    codes = charts.tile_codes()
    assert len(codes) == 34 and {"710000", "810000", "820000"} <= codes
    text = charts.tile_map({"110000": 71.25}, FRAME)
    assert all(f">{name}<" in text for name in ("北京", "台湾", "香港", "澳门", "内蒙古"))
    assert text.count("不在评价范围") >= 4, "three tiles and the legend"
    assert "边界" in charts.tile_note()


def test_the_tiles_do_not_share_a_place() -> None:
    from linli.evaluation.charts.tiles import tiles

    assert len({(t.column, t.row) for t in tiles()}) == 34 == len({t.short for t in tiles()})


def test_paper_has_no_variables_left() -> None:
    for name, text in every(FRAME).items():
        paper = charts.flat(text)
        assert "var(" not in paper and 'font-family="Linli Sans' in paper, name
        assert set(re.findall(r'fill="([^"]+)"', paper)) <= {"none", *re.findall(r"#[0-9a-f]{6}", paper)}, name


def test_a_waterfall_hides_no_rest() -> None:
    text = charts.waterfall(Part("前", 50.0), [Part("数据", 3.0)], Part("后", 52.0), FRAME)
    assert "其余" in text and "−1.00" in text
    assert "其余" not in charts.waterfall(Part("前", 50.0), [Part("数据", 2.0)], Part("后", 52.0), FRAME)


def test_levels_are_cut_where_they_are_printed() -> None:
    levels = charts.quintiles([float(v) for v in range(1, 11)])
    assert levels.step(levels.cuts[0]) == 1 and levels.step(levels.cuts[0] - 0.1) == 0
    assert next(w for _c, w in levels.words()).startswith("< ")
    flat = charts.quintiles([5.0, 5.0, None])
    assert flat.cuts == () and flat.words() == []


def test_numbers_scales_and_words() -> None:
    assert number(1234567.891, 1) == "1,234,567.9" and number(-0.04, 1) == "0.0" and number(2, 0, True) == "+2"
    assert number(-3.5) == "−3.5" and number(None) == "—" and number(float("nan")) == "—"
    assert ticks(0, 100, 5) == [0, 20, 40, 60, 80, 100] and ticks(5, 5)[0] < 5 < ticks(5, 5)[-1]
    assert Scale(0, 10, 100, 200)(5) == 150
    assert (
        wide("邻里", 12) == 24
        and "".join(folded("数据截至 2026-11-22", 10, 60)).replace(" ", "") == "数据截至2026-11-22"
    )
