"""Flow tables without a database: narrowing, checking, and that no variant finds a way around a locked arrow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.core.errors import Conflict, Invalid
from linli.flow.rules import (
    PLAIN,
    Flow,
    Move,
    Stage,
    Variant,
    check_move,
    check_variant,
    narrow,
    reachable,
    variant_from,
)


def toy() -> Flow:
    stages = {t: Stage(t, t, t, frozenset({"clerk"})) for t in ("new", "work", "check", "done")}
    moves = [
        Move("take", "take", frozenset({"new"}), "work", "test"),
        Move("skip", "skip", frozenset({"new"}), "done", "test"),
        Move("finish", "finish", frozenset({"work"}), "check", "test", ("result",)),
        Move("pass", "pass", frozenset({"check"}), "done", "test", locked=True),
        Move("rework", "rework", frozenset({"check"}), "work", "test", ("reason",)),
        Move("note", "note", frozenset({"new", "work", "check"}), None, "test", ("text",)),
    ]
    labels = {"result": "结果", "reason": "原因", "text": "内容", "photo": "照片"}
    return Flow("toy", "new", frozenset({"done"}), stages, {m.verb: m for m in moves}, labels)


def test_a_move_needs_its_stage_and_its_facts() -> None:
    flow = toy()
    assert check_move(flow, "work", "finish", {"result": "mended"}).target == "check"
    with pytest.raises(Conflict) as not_now:
        check_move(flow, "new", "finish", {"result": "mended"})
    assert not_now.value.code == "not_possible_now"
    with pytest.raises(Invalid) as missing:
        check_move(flow, "work", "finish", {"result": "  "})
    assert missing.value.code == "need_missing" and list(missing.value.fields) == ["result"]
    with pytest.raises(Invalid) as unknown:
        check_move(flow, "work", "explode", {})
    assert unknown.value.code == "unknown_verb"


def test_a_variant_takes_away_and_adds_needs() -> None:
    small = narrow(toy(), variant_from({"without": ["skip"], "also_needs": {"finish": ["photo"]}}))
    assert "skip" not in small.moves
    assert small.moves["finish"].needs == ("result", "photo")
    with pytest.raises(Invalid):
        variant_from({"with": ["magic"]})


def test_a_locked_arrow_stays_even_if_a_variant_names_it() -> None:
    variant = Variant(without=frozenset({"pass"}))
    assert "pass" in narrow(toy(), variant).moves
    assert [p.code for p in check_variant(toy(), variant)] == ["locked_verb"]


def test_dead_ends_and_unknown_words_are_found() -> None:
    assert check_variant(toy(), PLAIN) == []
    codes = {p.code for p in check_variant(toy(), variant_from({"without": ["finish", "fly"]}))}
    assert codes == {"unknown_verb"}
    assert {(p.code, p.where) for p in check_variant(toy(), variant_from({"without": ["finish"]}))} == {
        ("dead_end", "work")
    }
    assert check_variant(toy(), variant_from({"limits": {"nowhere": [1, "working_day"]}}))[0].code == "unknown_stage"


@given(st.sets(st.sampled_from(["take", "skip", "finish", "pass", "rework", "note"])))
def test_a_variant_never_reaches_more(without: set[str]) -> None:
    flow = toy()
    small = narrow(flow, Variant(without=frozenset(without)))
    assert reachable(small) <= reachable(flow)
    assert {m.verb for m in flow.moves.values() if m.locked} <= set(small.moves)
    if not check_variant(flow, Variant(without=frozenset(without))):
        assert "done" in reachable(small)
