"""The router answers as the plainest loop does; reviews are exact; old routes become an ordered table with the same answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linli.response.routing import (
    Rule,
    Space,
    check_rules,
    compare,
    compile_rules,
    first_match,
    ordered,
    parse_hours,
    review,
)
from linli.response.routing.review import moments_for

D, S1, S2, C1, C2, C3 = "110102", "110102001", "110102018", "110102001001", "110102001002", "110102018001"
CLASSES = ("0101", "0102", "0201", "0299")
CHANNELS = ("web", "phone", "grid")
SPANS = [(9 * 60, 12 * 60), (13 * 60 + 30, 18 * 60)]
PLACES = ((C1, S1, D), (C2, S1, D), (C3, S2, D), ("", S1, D), ("", S2, D), ("", "", D))


def working(_place: tuple[str, ...], at: datetime) -> bool:
    wall = at + timedelta(hours=8)
    minute = wall.hour * 60 + wall.minute
    return wall.weekday() < 5 and any(a <= minute < b for a, b in SPANS)


def subset(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3).map(tuple)


HOURS = st.sampled_from(
    ["", "working", "off", "22:00-06:00", "08:00-20:00", "00:00-24:00", "12:00-13:30", "23:59-00:00"]
)
RULES = st.lists(
    st.builds(
        Rule,
        order=st.just(0),
        divisions=subset("", D, S1, S2, C1, C3),
        classes=subset("", "01", "02", "0101", "0299"),
        channels=st.one_of(st.just(()), subset(*CHANNELS)),
        hours=HOURS,
        lead=st.sampled_from(["", "a", "b", "c"]),
    ),
    max_size=14,
).map(
    lambda rules: [
        Rule(**{**{f: getattr(r, f) for f in Rule.__dataclass_fields__}, "order": i}) for i, r in enumerate(rules, 1)
    ]
)
MOMENTS = st.datetimes(datetime(2026, 11, 16), datetime(2026, 11, 29)).map(lambda d: d.replace(tzinfo=UTC))


@given(RULES, st.sampled_from(PLACES), st.sampled_from(CLASSES), st.sampled_from(CHANNELS), MOMENTS)
@settings(max_examples=500, deadline=None)
def test_the_router_answers_as_the_plain_loop(rules, place, class_code, channel, at) -> None:  # type: ignore[no-untyped-def]
    asked = {"divisions": place, "class_code": class_code, "channel": channel, "at": at}
    assert compile_rules(rules, working=working).decide(**asked) == first_match(rules, working=working, **asked)


@given(RULES)
@settings(max_examples=150, deadline=None)
def test_a_review_knows_every_cell(rules) -> None:  # type: ignore[no-untyped-def]
    space = Space(PLACES, CLASSES, CHANNELS, moments_for(rules, SPANS))
    small, place_of, class_of, channel_of = space.atoms(rules)
    found = review(rules, small)
    router = compile_rules(rules, working=working)
    reached = set()
    for t, (minute, works) in enumerate(space.moments):
        day = 16 if works else 22  # a Monday, a Sunday
        if not works and any(a <= minute < b for a, b in SPANS) is False:
            day = 16  # outside working hours of a working day the two are the same
        at = datetime(2026, 11, day, tzinfo=UTC) - timedelta(hours=8) + timedelta(minutes=minute)
        for p, place in enumerate(PLACES):
            for c, code in enumerate(CLASSES):
                for h, channel in enumerate(CHANNELS):
                    said = router.decide(divisions=place, class_code=code, channel=channel, at=at)
                    index = found.winner[place_of[p], class_of[c], channel_of[h], t]
                    assert (found.rules[index] if index >= 0 else None) == said.rule
                    assert bool(found.unowned()[place_of[p], class_of[c], channel_of[h], t]) == said.unclear
                    if said.rule:
                        reached.add(said.rule.order)
    assert {r.order for r, _by in found.dead} == {r.order for r in rules} - reached


def test_a_wide_rule_hides_what_follows_and_says_so() -> None:
    rules = [
        Rule(1, (S1,), ("01",), lead="a"),
        Rule(2, ("",), ("01",), lead="b"),
        Rule(3, (C1,), ("0101",), lead="c"),
        Rule(4, ("",), ("9",), lead="d"),
    ]
    found = review(rules, Space(PLACES, CLASSES, CHANNELS, moments_for(rules, SPANS)))
    assert [(r.order, [b.order for b in by]) for r, by in found.dead] == [(3, [1]), (4, [])]
    assert [(o.earlier.order, o.later.order, o.exception) for o in found.overlaps] == [(1, 2, True), (1, 3, False)]
    assert found.overlaps[0].example.place[1] == S1


@pytest.mark.parametrize(
    "text", ["9:00-10:00", "24:00-08:00", "08:00-08:00", "08:00", "night", "08:60-09:00", "working "]
)
def test_a_span_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_hours(text)
    assert [p.code for p in check_rules([Rule(1, hours=text)])] == ["bad_hours"]


def test_midnight_and_the_edges_of_a_span() -> None:
    router = compile_rules([Rule(1, hours="22:00-06:00", lead="night")], working=working)

    def at(hour: int, minute: int) -> str:
        moment = datetime(2026, 11, 16, hour, minute, tzinfo=UTC) - timedelta(hours=8)
        return router.decide(divisions=(D,), class_code="0101", channel="web", at=moment).lead

    assert [at(21, 59), at(22, 0), at(23, 59), at(0, 0), at(5, 59), at(6, 0)] == [
        "",
        "night",
        "night",
        "night",
        "night",
        "",
    ]


def test_wrong_lines_are_named() -> None:
    rules = [
        Rule(1, ("1101",)), Rule(1, ("",), ("x",)), Rule(3, (), ()), Rule(4, lead="a", joint=("a",)), Rule(5, joint=("b",)),
        Rule(6, ("110102001001001",)),
    ]  # fmt: skip
    assert [(p.order, p.code) for p in check_rules(rules)] == [
        (1, "bad_division"), (1, "order_twice"), (1, "bad_class"), (3, "bad_division"), (3, "bad_class"),
        (4, "joins_itself"), (5, "joint_without_lead"), (6, "bad_division"),
    ]  # fmt: skip
    spans = [Rule(i, hours=f"00:{i:02d}-12:00") for i in range(1, 30)]
    assert "too_many_spans" in {p.code for p in check_rules(spans)}


def test_two_tables_are_compared_line_by_line() -> None:
    a, b, c, d = (Rule(i, (x,), lead=x) for i, x in enumerate((S1, S2, C1, C3), 1))
    assert compare([a, b, c], [a, b, c]).same
    changed = Rule(2, (S2,), lead="other")
    found = compare([a, b, c], [c, a, changed, d])
    assert found.added == (d,) and found.removed == () and found.changed == ((b, changed),)
    assert [old for old, _new in found.moved] == [c]
    assert compare([a, a], [a]).removed == (a,)


ROWS = st.dictionaries(
    st.tuples(st.sampled_from([D, S1, S2, C1, C2]), st.sampled_from(["", "01", "02", "0101", "0102", "0299"])),
    st.sampled_from(["a", "b"]),
    max_size=20,
)


@given(ROWS, st.sampled_from(PLACES), st.sampled_from(CLASSES))
@settings(max_examples=400, deadline=None)
def test_old_routes_become_a_table_with_the_same_answers(rows, place, class_code) -> None:  # type: ignore[no-untyped-def]
    rules = ordered([(d, c, body, "provisional", "") for (d, c), body in rows.items()])
    expected = next((rows[d, c] for d in place for c in (class_code, class_code[:2], "") if (d, c) in rows), "")
    router = compile_rules(rules, working=working)
    at = datetime(2026, 11, 16, 4, tzinfo=UTC)
    assert router.decide(divisions=place, class_code=class_code, channel="web", at=at).lead == expected
    assert not check_rules(rules)
