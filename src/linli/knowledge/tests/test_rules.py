"""Pure decisions: mark-up, cleaning, notes, grams and ranking; hostile texts. No database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linli.knowledge import markup, rules
from linli.knowledge.grams import Grams, Lines, fold, near
from linli.knowledge.marks import marked, snippet
from linli.knowledge.rules import Content
from linli.knowledge.search import Entry, Index, Segment, words_of

TODAY = date(2026, 11, 22)
HAN = st.text("居住证办理续签暖气不热水管漏电梯停车养犬登记垃圾分类充", min_size=2, max_size=14)


def index(*articles: tuple[str, str, str], **more: object) -> Index:
    entries = [Entry(n, q, k, "", **more) for n, (q, k, _a) in enumerate(articles, 1)]  # type: ignore[arg-type]
    return Index([Segment(entries).build([a for _q, _k, a in articles])])


# --- mark-up -------------------------------------------------------------------------------------
def test_an_answer_is_read_into_blocks() -> None:
    found = markup.blocks("先看。\n\n1. 关阀门\n2. 打[电话](https://example.org/a)\n- 甲\n- 乙\n尾")
    assert [b.kind for b in found] == ["paragraph", "steps", "list", "paragraph"]
    assert found[1].lines[1] == (markup.Piece("打"), markup.Piece("电话", "https://example.org/a"))


@pytest.mark.parametrize(
    "bad",
    ["[x](javascript:alert(1))", "[x](//evil.example)", "[x](data:text/html,1)", "[x](/../etc)", "[x](ftp://a.b/c)",
     '[x](https://a.b/"onclick=1)', "[x](https://a.b/<script>)", "<a href=javascript:1>x</a>"],
)  # fmt: skip
def test_what_is_no_plain_address_stays_text(bad: str) -> None:
    assert all(not p.url for b in markup.blocks(bad) for line in b.lines for p in line)


@given(st.text(max_size=300))
def test_mark_up_loses_no_words_and_links_only_outside_or_here(text: str) -> None:
    found = markup.blocks(text)
    for block in found:
        for line in block.lines:
            for piece in line:
                assert piece.url == "" or piece.url.startswith(("http://", "https://", "/"))
                assert not piece.url.startswith("//")


def test_a_very_long_answer_is_read_in_time() -> None:
    assert markup.plain("[" * 100_000) == "[" * 100_000
    assert len(markup.blocks("1. a\n" * 20_000)[0].lines) == 20_000
    markup.blocks("[a](" * 25_000)


# --- what an author may write --------------------------------------------------------------------
def test_text_loses_controls_and_directions() -> None:
    assert rules.clean("a\0b\u202ec\u200bd\x07 e\t\tf") == "abcd e f"
    assert rules.clean("a\r\n\n\n\nb ", lines=True) == "a\n\nb"


def test_problems_name_the_fields() -> None:
    bad = Content("", " ", "9999", spoken="x" * 301, audience="all", provenance="sourced", source_url="javascript:1",
                  division="11010", valid_from=TODAY, valid_to=TODAY - timedelta(days=1))  # fmt: skip
    found = rules.problems(bad, categories=frozenset({"0101"}), divisions=frozenset({"110102"}))
    assert set(found) == {
        "question", "answer", "category", "spoken", "audience", "source", "source_url", "division", "valid_to",
    }  # fmt: skip
    assert "question" in rules.problems(Content("？！…", "a", "0101"), categories=frozenset({"0101"}), divisions=None)
    good = Content("问", "答", "0101", division="110102018")
    assert rules.problems(good, categories=frozenset({"0101"}), divisions=frozenset({"110102018"})) == {}


@pytest.mark.parametrize(
    "note", ["", "x" * 201, "请打 138 1234 5678", "１３８１２３４５６７８", "110101199001011234", "010-6612 3456"]
)
def test_notes_hold_no_numbers_of_persons(note: str) -> None:
    assert rules.check_note(note)


@pytest.mark.parametrize("note", ["供暖从 2026-11 月起改了", "12345 不受理这个", "链接打不开"])
def test_plain_notes_pass(note: str) -> None:
    assert rules.check_note(note) == []


def test_where_an_article_is_valid() -> None:
    assert rules.valid_in("", "110102018") and rules.valid_in("110102018", "")
    assert rules.valid_in("110102018", "110102018003") and rules.valid_in("110102018", "110102")
    assert not rules.valid_in("110102018", "110102010")


# --- grams ---------------------------------------------------------------------------------------
@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("甲乙丙丁ab12 。", max_size=12), min_size=1, max_size=8))
def test_grams_are_the_pairs_that_stand_together(texts: list[str]) -> None:
    near_by, apart = Grams(texts, singles=True), Grams(texts, apart=2)
    folded = [fold(t) for t in texts]
    for a in "甲乙丙ab1":
        assert near_by.find(a).tolist() == [n for n, t in enumerate(folded) if a in t]
        for b in "甲丁b2":
            assert near_by.find(a, b).tolist() == [n for n, t in enumerate(folded) if a + b in t]
            holds = [any(t[i] == a and t[i + 2] == b and t[i + 1] != " " for i in range(len(t) - 2)) for t in folded]
            assert apart.find(a, b).tolist() == [n for n, yes in enumerate(holds) if yes]
    assert near_by.find("\U0010ffff", "甲").size == 0


def edits(word: str) -> set[str]:
    out = {word}
    for n in range(len(word) + 1):
        out |= {word[:n] + c + word[n:] for c in "甲乙丙丁"}
        if n < len(word):
            out.add(word[:n] + word[n + 1 :])
            out |= {word[:n] + c + word[n + 1 :] for c in "甲乙丙丁"}
    return out


@settings(max_examples=300, deadline=None)
@given(st.text("甲乙丙", min_size=2, max_size=5), st.text("甲乙丙丁", min_size=1, max_size=9))
def test_near_is_one_edit_by_brute_force(word: str, text: str) -> None:
    assert near(word, text) == any(e in text for e in edits(word))


def test_letters_know_whole_words_beginnings_and_middles() -> None:
    lines = Lines([(0, "jzzbl"), (0, "jzz"), (1, "bjzz"), (2, "zzj jzzx")])
    assert lines.find("jzz") == {0: 0, 1: 2, 2: 1}
    assert lines.find("z") == {2: 1} and lines.find("") == {} and Lines([]).find("a") == {}


# --- ranking -------------------------------------------------------------------------------------
def test_title_before_keywords_before_answer_and_whole_before_part() -> None:
    found = index(
        ("其他事项", "", "这里说到居住证"),
        ("别的", "居住证 落户", ""),
        ("怎么补办居住证", "", ""),
        ("居住证怎么续签", "", ""),
        ("居住证", "", ""),
    ).find("居住证", today=TODAY)
    assert found.ids == (5, 4, 3, 2, 1) and found.complete and found.total == 5


def test_all_words_first_then_fewer() -> None:
    kept = index(("居住证续签", "", ""), ("居住证办理", "", ""), ("养犬登记", "", ""))
    assert kept.find("居住证 续签", today=TODAY).ids == (1,)
    fewer = kept.find("居住证 电梯", today=TODAY)
    assert not fewer.complete and set(fewer.ids) == {1, 2}


@pytest.mark.parametrize("typo", ["居主证", "局住证", "居住征", "居证", "居住住证", "居注住证"])
def test_one_wrong_character_is_forgiven(typo: str) -> None:
    kept = index(("北京市居住证怎么办", "", ""), ("养犬登记怎么办", "", ""), ("证件照", "", ""), ("居民医保", "", ""))
    assert kept.find(typo, today=TODAY).ids[:1] == (1,)


def test_the_question_around_the_words_does_not_matter() -> None:
    kept = index(("暖气不热怎么办", "", ""), ("停水了怎么办", "", ""))
    assert kept.find("请问我家暖气不热应该怎么办呢", today=TODAY).ids == (1,)
    assert words_of("怎么办") == ("怎么办",)  # nothing else was said


def test_limits_validity_audience_and_division() -> None:
    kept = index(*((f"停水通知{n}", "", "") for n in range(30)))
    found = kept.find("停水", today=TODAY, limit=8)
    assert len(found.ids) == 8 and found.total == 30
    entries = [
        Entry(1, "停水一", "", "", valid_from=TODAY + timedelta(days=1)), Entry(2, "停水二", "", "", valid_to=TODAY - timedelta(days=1)),
        Entry(3, "停水三", "", "", public=False), Entry(4, "停水四", "", "", division="110102018"), Entry(5, "停水五", "", ""),
    ]  # fmt: skip
    kept = Index([Segment(entries).build([""] * 5)])
    assert set(kept.find("停水", today=TODAY).ids) == {3, 4, 5}
    assert set(kept.find("停水", today=TODAY, public=True, division="110102010").ids) == {5}


def test_a_renewed_article_hides_its_old_entry() -> None:
    base = Segment([Entry(1, "停水", "", "", article=7), Entry(2, "停电", "", "", article=8)]).build(["", ""])
    small = Segment([Entry(3, "断水", "", "", article=7)]).build([""])
    kept = Index([base, small], renewed=frozenset({7}))
    assert kept.find("停水", today=TODAY).ids != (1,) and kept.find("断水", today=TODAY).ids == (3,)
    assert kept.find("停电", today=TODAY).ids == (2,)


@pytest.mark.parametrize(
    "odd",
    [
        "",
        " ",
        "\0",
        "？！",
        "x" * 100_000,
        "\u202e居住证",
        "%",
        "' OR 1=1",
        "<b>",
        "\ud800",
        "𠮷" * 50,
        "a" * 80,
        "۱۲۳",
    ],
)
def test_odd_queries_are_answered(odd: str) -> None:
    kept = index(("居住证", "", "<b>x</b>"), ("𠮷野家", "", ""))
    assert isinstance(kept.find(odd, today=TODAY).ids, tuple)
    assert Index([]).find(odd, today=TODAY).ids == ()
    assert "".join(m.text for m in marked("<b>居住证", words_of(odd))) == "<b>居住证"


@settings(max_examples=60, deadline=None)
@given(st.lists(HAN, min_size=1, max_size=25, unique=True))
def test_every_article_is_found_by_its_own_title_first(titles: list[str]) -> None:
    kept = index(*((t, "", "居住证办理续签暖气") for t in titles))
    asked = ["".join(words_of(t)) for t in titles]
    for n, title in enumerate(titles, 1):
        found = kept.find(title, today=TODAY, limit=50)
        same = {m for m, other in enumerate(asked, 1) if other == asked[n - 1]}
        assert found.ids[0] in same and n in found.ids


def test_marks_show_words_and_initials() -> None:
    assert [m.text for m in marked("补办居住证的材料", ("居住证",)) if m.on] == ["居住证"]
    assert [m.text for m in marked("补办居住证", ("jzz",), "bbjzz") if m.on] == ["居住证"]
    cut = snippet("很长的开头。" * 30 + "这里说居住证。" + "尾巴。" * 40, ("居住证",))
    assert cut[0].text == "…" and any(m.on and m.text == "居住证" for m in cut) and cut[-1].text == "…"
