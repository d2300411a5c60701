"""What a body owes, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.coordination.answering import OWES, Owed, bounds, conclude, is_late, may, missed, next_alarm
from linli.coordination.choices import AnswerMode as M
from linli.coordination.choices import AnswerState as S
from linli.coordination.rules import CONSULTATION, SUMMONS
from linli.flow.rules import check_variant, narrow, reachable, variant_from

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


def part(state: str, hours: float = 1, mode: str = M.ON_SITE, body: int = 1) -> Owed:
    return Owed(body, mode, state, NOW + timedelta(hours=hours))


parts = st.lists(
    st.builds(part, st.sampled_from(S.values), st.floats(-5, 5), st.sampled_from(M.values), st.integers(1, 9)),
    min_size=1, max_size=10,
)  # fmt: skip


@pytest.mark.parametrize("flow", [SUMMONS, CONSULTATION], ids=lambda f: f.kind)
def test_every_stage_is_reached_and_leads_to_an_end(flow: object) -> None:
    assert not check_variant(flow, variant_from(None))  # type: ignore[arg-type]
    small = narrow(flow, variant_from(None))  # type: ignore[arg-type]
    assert reachable(small) == set(small.stages)


def test_who_was_called_to_the_place_comes_before_answering() -> None:
    assert may("arrive", part(S.ASKED), "called") and may("arrive", part(S.MISSED), "called")
    assert not may("answer", part(S.SIGNED), "called") and may("answer", part(S.ARRIVED), "called")
    assert may("answer", part(S.ASKED, mode=M.IN_WRITING), "called")
    assert not may("arrive", part(S.ASKED, mode=M.IN_WRITING), "called")


def test_while_the_chief_judges_words_may_still_come_but_nobody_arrives() -> None:
    assert may("answer", part(S.MISSED), "judging") and not may("arrive", part(S.MISSED), "judging")
    assert not may("answer", part(S.ANSWERED), "judging") and not may("answer", part(S.MISSED), "failed")


def test_who_is_there_in_time_is_not_late_however_long_the_words_take() -> None:
    assert is_late(part(S.SIGNED, 0.5), "arrive", NOW) is False
    assert is_late(part(S.ARRIVED, -2), "answer", NOW) is None
    assert is_late(part(S.MISSED, -2), "answer", NOW) is True
    assert is_late(part(S.ASKED, -2, M.IN_WRITING), "answer", NOW) is True
    assert is_late(part(S.ASKED, -2, M.IN_WRITING), "sign", NOW) is None


def test_the_call_goes_on_while_somebodys_time_runs() -> None:
    assert conclude([part(S.ANSWERED), part(S.ASKED)], NOW) == ""
    assert conclude([part(S.ANSWERED), part(S.RELEASED)], NOW) == "all_answered"
    assert conclude([part(S.ANSWERED), part(S.MISSED, -1)], NOW) == "lapse"
    assert conclude([part(S.ARRIVED, -1)], NOW) == "lapse", "there in time, and still no words"


@given(parts)
def test_either_something_rings_or_the_call_is_over(found: list[Owed]) -> None:
    assert bool(conclude(found, NOW)) == (next_alarm(found, NOW) is None)


@given(parts)
def test_only_who_neither_came_nor_answered_misses(found: list[Owed]) -> None:
    gone = [p for p in found if p.state in (S.ASKED, S.SIGNED) and p.due_at <= NOW]
    assert missed(found, NOW) == [p.body_id for p in gone]


@given(st.sampled_from(S.values), st.sampled_from(M.values), st.sampled_from(["sign", "arrive", "answer", "settle"]))
def test_nobody_presses_what_is_over(state: str, mode: str, verb: str) -> None:
    for stage in ("failed", "tabled", "following", "settled", "withdrawn"):
        assert not may(verb, part(state, 1, mode), stage)
    if state not in OWES:
        assert not may(verb, part(state, 1, mode), "called")


def test_bounds_are_in_order() -> None:
    first, last = bounds(NOW, 10, 3)
    assert first - NOW == timedelta(minutes=10) and last - NOW == timedelta(days=3)
