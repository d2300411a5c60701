"""Place search: names, pinyin with all readings, the curated list, order, limits, speed."""

from __future__ import annotations

import time

import pytest

from linli.core.errors import Invalid
from linli.territory import queries, readings
from linli.territory.search import Entry, Index


def names(text: str, limit: int = 10) -> list[str]:
    return [hit.name for hit in queries.search_places(text, limit)]


@pytest.mark.django_db
class TestOfXicheng:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("大栅栏", "大栅栏街道"), ("dashilan", "大栅栏街道"), ("dazhalan", "大栅栏街道"), ("DSL", "大栅栏街道"),
            ("什刹海", "什刹海街道"), ("shichahai", "什刹海街道"), ("sch", "什刹海街道"), ("shi cha hai", "什刹海街道"),
            ("changchunjie", "长椿街社区"), ("zhangchunjie", "长椿街社区"), ("cheGongZhuang", "车公庄社区"),
            ("枣林前街", "枣林前街"), ("zaolinqianjie", "枣林前街"), ("zlqj", "枣林前街"), ("ＺＬＱＪ", "枣林前街"),
            ("枣 林 前 街", "枣林前街"), ("枣林前街70号", "枣林前街"), ("北京市西城区枣林前街乙12号", "枣林前街"),
            ("xuanwuyiyuan", "首都医科大学宣武医院"), ("liupukang", "六铺炕水电社区"),
        ],
    )  # fmt: skip
    def test_finds(self, xicheng: None, text: str, expected: str) -> None:
        assert expected in names(text)[:6], names(text)

    def test_whole_then_prefix_then_inside(self, xicheng: None) -> None:
        found = names("牛街", 20)
        assert found[0] == "牛街街道"  # its short name is the whole query, and a subdistrict weighs most
        assert found.index("牛街东里社区") < next(i for i, n in enumerate(found) if not n.startswith("牛街"))

    def test_every_community_is_found_by_name_and_by_pinyin(self, xicheng: None) -> None:
        for view in queries.divisions(12):
            assert view.code in [h.code for h in queries.search_places(view.name)], view.name
            first = readings.readings(view.name)[0][0]
            assert view.code in [h.code for h in queries.search_places("".join(first), 20)], view.name

    def test_a_community_without_a_cell_falls_to_its_subdistrict_and_says_so(self, xicheng: None) -> None:
        bare = [v for v in queries.divisions(12) if not v.has_boundary]
        assert len(bare) == 105
        for view in bare:
            hit = next(h for h in queries.search_places(view.name) if h.code == view.code)
            assert (hit.division, str(hit.note)) == (view.parent, "社区界线尚缺，按街道受理")
            assert hit.approximate
            assert queries.locate(hit.lon, hit.lat) is not None

    def test_hits_lie_in_the_district_they_name(self, xicheng: None) -> None:
        for text in ("医院", "小学", "公园", "里", "大街", "tang"):
            for hit in queries.search_places(text, 50):
                found = queries.locate(hit.lon, hit.lat)
                assert found is not None, hit
                if hit.kind in {"facility", "residential", "street"}:
                    assert found.community == hit.division or hit.kind == "street"

    @pytest.mark.parametrize("text", ["", "   ", "\x00", "，。", "🙂", "\u202e", "zzzzzqqq", "不存在的地方"])
    def test_nothing_found_is_an_empty_list(self, xicheng: None, text: str) -> None:
        assert queries.search_places(text) == ()

    def test_too_long_is_refused_not_cut(self, xicheng: None) -> None:
        with pytest.raises(Invalid) as refused:
            queries.search_places("牛" * 61)
        assert refused.value.code == "query_too_long" and "q" in refused.value.fields

    def test_limit(self, xicheng: None) -> None:
        assert len(queries.search_places("街", 3)) == 3
        assert queries.search_places("街", 0) == ()
        assert len(queries.search_places("街", 10_000)) == 50

    def test_fast_enough_for_every_key_press(self, xicheng: None) -> None:
        queries.warm()
        texts = ["a", "s", "zl", "牛", "街", "dashilan", "yiyuan", "北京市西城区广安门内大街甲12号", "qqqq", "社区"]
        best = min(self._once(texts) for _round in range(5))
        assert best < 0.005

    @staticmethod
    def _once(texts: list[str]) -> float:
        start = time.perf_counter()
        for text in texts:
            queries.search_places(text)
        return (time.perf_counter() - start) / len(texts)


def test_likely_readings_come_before_rare_ones() -> None:
    """食 is also read yi: it must not push 月坛 behind 食堂 for `yt`."""
    rows = [("食堂", 90), ("月坛", 40)]
    index = Index([Entry((name,), *readings.index_lines(name)) for name, _weight in rows])
    assert index.find("yt", 5) == [1, 0]


def test_syllables_begin_where_they_begin() -> None:
    index = Index([Entry((name,), *readings.index_lines(name)) for name in ("天安街", "岸街")])
    assert index.find("anjie", 5) == [1, 0]
    assert index.find("njie", 5) == []


def test_curated_terms_have_one_syllable_a_character(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "pinyin.csv"
    path.write_text("term,reading\n大栅栏,da shi\n")
    with pytest.raises(ValueError, match="大栅栏"):
        readings.curated(path)


def test_every_single_other_reading_is_indexed() -> None:
    likely, rare = readings.readings("长椿街")
    everything = {"".join(r) for r in (*likely, *rare)}
    assert {"changchunjie", "zhangchunjie"} <= everything
    assert {"lvyuan", "luyuan"} <= {"".join(r) for r in readings.readings("绿园")[0]}
