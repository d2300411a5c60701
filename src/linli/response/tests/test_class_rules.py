"""No type can lose its way to an end or go round a verification: whatever an editor writes, or it is refused."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linli.flow.rules import Variant, narrow, reachable
from linli.response import class_rules
from linli.response.actions.loading import DATA, rows_of, shipped
from linli.response.class_rules import LIMITED, PARTS, variant_faults, variant_of, variant_words, with_parts
from linli.response.rules import CASE

VERBS = sorted(CASE.moves)
STAND_INS = {"answer", "close_with", "spare"}

variants = st.builds(
    Variant,
    without=st.frozensets(st.sampled_from([*VERBS, "fly"]), max_size=12),
    also_needs=st.lists(
        st.tuples(st.sampled_from([*VERBS, "fly"]), st.sampled_from([*CASE.need_labels, "luck"])), max_size=3
    ).map(tuple),
    limits=st.lists(
        st.tuples(
            st.sampled_from([*LIMITED, "handling", "nowhere"]),
            st.integers(-1, 10_002),
            st.sampled_from(["working_day", "urgent_hour", "moons"]),
        ),
        max_size=3,
    ).map(tuple),
    chosen=st.frozensets(st.sampled_from(VERBS), max_size=5),
    samples=st.lists(st.tuples(st.sampled_from(["pass", "call_back", "sign"]), st.integers(-1, 101)), max_size=2).map(
        tuple
    ),
)
# nearer to what an editor may do: whole parts are taken away, optional arrows chosen with their samples
likely = st.builds(
    lambda gone, chosen, share, back: Variant(
        without=with_parts(gone),
        chosen=frozenset(chosen),
        samples=tuple(
            (verb, n)
            for verb, n, arrow in (("pass", share, "spare"), ("call_back", back, "archive"))
            if arrow in chosen
        ),
    ),
    st.sets(st.sampled_from([*PARTS, "accept", "dispatch", "sign", "find"])),
    st.sets(st.sampled_from([verb for verb, move in CASE.moves.items() if move.optional])),
    st.integers(0, 100),
    st.integers(0, 100),
)


def ways_to_close(small: Any) -> bool:
    """Whether some way from the report to `closed` goes neither through `pass` nor through a stand-in."""
    seen, todo = {small.start}, [small.start]
    while todo:
        for move in small.verbs_from(todo.pop()):
            if move.target is None or move.verb == "pass" or move.verb in STAND_INS:
                continue
            if move.target == "closed":
                return True
            if move.target not in seen:
                seen.add(move.target)
                todo.append(move.target)
    return False


def holds(variant: Variant) -> None:
    """What must be true of every variant that is not refused."""
    small = narrow(CASE, variant)
    locked = {verb for verb, move in CASE.moves.items() if move.locked}
    assert locked <= set(small.moves) and set(small.moves) >= class_rules.PRESSED
    assert not ways_to_close(small)
    for verb in ("spare", "archive"):
        if verb in small.moves:
            spared = CASE.moves[verb].spares
            assert verb in variant.chosen and 1 <= variant.sample(spared) <= 99
    for stage in reachable(small):
        seen, todo = {stage}, [stage]
        while todo:
            for move in small.verbs_from(todo.pop()):
                if move.target and move.target not in seen:
                    seen.add(move.target)
                    todo.append(move.target)
        assert seen & CASE.ends, stage
    assert "closed" in reachable(narrow(CASE, replace(variant, without=variant.without | {"merge"})))


@given(variants)
@settings(max_examples=400, deadline=None)
def test_any_variant_is_refused_or_keeps_its_verification(variant: Variant) -> None:
    if not variant_faults(variant):
        holds(variant)


@given(likely)
@settings(max_examples=400, deadline=None)
def test_what_an_editor_may_do_is_refused_or_keeps_its_verification(variant: Variant) -> None:
    if not variant_faults(variant):
        holds(variant)


@given(st.sets(st.sampled_from(list(PARTS))))
def test_parts_taken_away_whole_never_make_a_dead_end(gone: set[str]) -> None:
    assert variant_faults(Variant(without=with_parts(gone))) == []


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        (Variant(without=frozenset({"pass"})), "locked_verb"),
        (Variant(without=frozenset({"reopen"})), "locked_verb"),
        (Variant(without=frozenset({"remind"})), "pressed_verb"),
        (Variant(without=frozenset({"resume"})), "half_removed"),
        (Variant(without=frozenset({"grant_return", "refuse_return"})), "dead_end"),
        (Variant(without=frozenset({"accept"})), "never_closed"),
        (Variant(chosen=frozenset({"mend", "spare"})), "sample_missing"),
        (Variant(samples=(("pass", 20),)), "sample_unused"),
        (Variant(chosen=frozenset({"sign"})), "not_optional"),
        (Variant(limits=(("handling", 3, "working_day"),)), "no_limit_here"),
        (Variant(limits=(("fed_back", 3, "moons"),)), "bad_unit"),
    ],
)
def test_each_fault_has_its_code(variant: Variant, code: str) -> None:
    assert code in {fault.code for fault in variant_faults(variant)}


@given(likely)
def test_a_variant_survives_its_words(variant: Variant) -> None:
    read = variant_of(variant_words(variant))
    assert replace(variant, samples=tuple(sorted(variant.samples))) == read


@given(
    st.dictionaries(st.sampled_from(["without", "chosen", "needs", "limits", "samples", "code", "object"]), st.text())
)
@settings(max_examples=300, deadline=None)
def test_hostile_rows_are_refused_and_never_break(change: dict[str, str]) -> None:
    row = {**rows_of(shipped("case_classes"))[0], **change}
    if class_rules.class_faults(row) == []:
        holds(variant_of(row))


def test_the_shipped_tables_have_no_fault_and_no_person() -> None:
    with (DATA / "case_classes.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(r["code"], f) for r in rows for f in class_rules.class_faults(r)] == []
    assert {r["tree"] for r in rows} == {"event", "component", "hotline", "consultation", "need"}
    assert "person" not in {r["object"] for r in rows}
    assert all(r["filing"] and r["closing"] and r["themes"] and r["source"] for r in rows)
    for r in rows:
        variant = variant_of(r)
        holds(variant)
        if r["tree"] == "consultation":
            assert r["object"] == "service" and variant.sample("call_back") >= 10
            assert not {"mend"} & variant.chosen and {"offer", "split"} <= variant.without


@pytest.mark.parametrize(("name", "check"), [("ladder", "rung_faults"), ("stage_limits", "stage_faults")])
def test_shipped_limits_and_rungs_have_no_fault(name: str, check: str) -> None:
    rows = rows_of(shipped(name))
    assert rows and [f for r in rows for f in getattr(class_rules, check)(r)] == []
