"""A change of borders taken back; the same as one by one; what it would touch; points; what boards hear."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linli.core import clock
from linli.core.errors import Missing
from linli.flow import batches, placed, queries, rezone
from linli.flow.models import Journal, Matter, Outbox, RezonedBatch

from .borders import WHERE, A, B, C, by, moved, opened, sound, where


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody need be let in between two batches of a handful."""
    monkeypatch.setattr(rezone, "PAUSE_S", 0.0)
    monkeypatch.setattr(rezone, "AGAIN_S", 0.01)


# --- taken back ----------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_what_went_on_since_is_left_where_it_is() -> None:
    stays, by_hand, by_later, ended = opened(A, A, A, A)
    first, second = uuid.uuid4(), uuid.uuid4()
    rezone.rezone(by({A: B}), areas=[A], change=first)
    moved(Matter.objects.get(pk=by_hand.pk), area=C, subdistrict=C[:9], community=C)
    moved(Matter.objects.get(pk=ended.pk), "end")
    rezone.rezone(lambda p: np.where(p.id == by_later.pk, "110102002", p.area), areas=[B], change=second)
    back = rezone.unrezone(first)
    assert (back.read, back.changed, dict(back.left)) == (4, 2, {"later": 1, "moved": 1})
    assert where(stays, by_hand, by_later, ended) == [A, C, "110102002", A]
    assert rezone.unrezone(first) == back
    assert rezone.unrezone(second).changed == 1 and where(by_later) == [B]
    sound()


@pytest.mark.django_db
def test_what_is_kept_goes_and_cannot_be_taken_back_then() -> None:
    first, second, third = (uuid.uuid4() for _n in range(3))
    opened(A, B, C)
    for change, codes in ((first, {A: B}), (second, {B: C}), (third, {C: A})):
        rezone.rezone(by(codes), areas=["110102"], change=change)
    with pytest.raises(Missing):
        rezone.sweep(older_than=uuid.uuid4())
    assert rezone.sweep(older_than=first) == 0
    assert rezone.sweep(older_than=third) == 4 and rezone.sweep(older_than=third) == 0
    assert set(RezonedBatch.objects.values_list("change", flat=True)) == {third}
    with pytest.raises(Missing):
        rezone.unrezone(first)
    assert rezone.unrezone(third).changed == 3
    with pytest.raises(Missing):
        rezone.unrezone(uuid.uuid4())


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 10**12), st.sampled_from(WHERE), st.sampled_from(WHERE)), unique_by=lambda r: r[0]
    )
)
def test_what_is_kept_comes_out_as_it_went_in(rows: list[tuple[int, str, str]]) -> None:
    rows.sort()
    ids, old, new = ([r[n] for r in rows] for n in range(3))
    step = batches.Step(np.array(ids, np.int64), np.array(old, "U15"), np.array(new, "U15"))
    packed, digest = batches.pack(step)
    out = batches.unpack(packed)
    assert (out.id.tolist(), out.old.tolist(), out.new.tolist()) == (ids, old, new)
    assert batches.pack(out)[1] == digest
    area, subdistrict, community = batches.columns(out.new)
    assert area.tolist() == new
    assert subdistrict.tolist() == [a[:9] if len(a) > 8 else "" for a in new]
    assert community.tolist() == [a[:12] if len(a) > 11 else "" for a in new]


# --- against the obvious ----------------------------------------------------------------------------------------
@pytest.fixture
def clean(db: None) -> Callable[[], None]:
    def wipe() -> None:
        RezonedBatch.objects.all().delete()
        Matter.objects.all().delete()

    return wipe


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(WHERE), max_size=30),
    st.lists(st.sampled_from(WHERE), max_size=4, unique=True),
    st.dictionaries(st.sampled_from(WHERE), st.sampled_from([*WHERE, ""])),
    st.sets(st.integers(0, 29)),
    st.integers(1, 7),
)
def test_the_same_as_one_by_one(
    clean: Callable[[], None],
    areas: list[str],
    prefixes: list[str],
    codes: dict[str, str],
    by_hand: set[int],
    chunk: int,
) -> None:
    """Every matter by itself: if its area begins with one of the prefixes it takes the code that is named for it."""
    clean()
    matters = opened(*areas) if areas else []
    wanted = [codes.get(a, a) or a if any(a.startswith(p) for p in prefixes) else a for a in areas]
    blank = sum(codes.get(a) == "" and any(a.startswith(p) for p in prefixes) for a in areas)
    change = uuid.uuid4()
    with pytest.MonkeyPatch.context() as m:
        m.setattr(rezone, "FIRST", chunk)
        m.setattr(rezone, "read", lambda ids: placed.read(ids, chunk=chunk + 1))
        found = rezone.rezone(by(codes), areas=prefixes, change=change)
    assert where(*matters) == wanted
    assert found.changed == sum(a != w for a, w in zip(areas, wanted, strict=True)) and found.unplaced == blank
    assert found.read == sum(any(a.startswith(p) for p in prefixes) for a in areas)
    elsewhere = "110102009"
    for n in by_hand & set(range(len(matters))):
        Matter.objects.filter(pk=matters[n].pk).update(area=elsewhere, subdistrict=elsewhere, community="")
        wanted[n] = elsewhere
    back = rezone.unrezone(change)
    assert where(*matters) == [w if w == elsewhere else a for a, w in zip(areas, wanted, strict=True)]
    assert back.read == found.changed and back.changed + sum(back.left.values()) == back.read
    sound()


@pytest.mark.django_db
def test_what_a_change_would_touch() -> None:
    opened(A, A + "001", B, C, "110102001", "110102")
    opened(A, kind="other")
    moved(Matter.objects.filter(area=B).get(), "end")
    rows = {(r.kind, r.area): (r.open, r.ended) for r in rezone.affected(["110102001"])}
    assert rows == {("test", A): (2, 0), ("other", A): (1, 0), ("test", B): (0, 1), ("test", "110102001"): (1, 0)}
    assert {(r.kind, r.area) for r in rezone.affected([A + "001"])} == {("test", A)}
    assert sum(r.open for r in rezone.affected([A + "001"])) == 1
    assert sum(r.open + r.ended for r in rezone.affected(["110102", A])) == 7
    assert rezone.affected([]) == [] and rezone.affected(["110102003"]) == []


# --- points and boards ---------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_points_are_asked_of_the_kind_that_knows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placed, "_points", {})
    first, _other, last = opened(A)[0], opened(A, kind="other")[0], opened(A)[0]
    asked: list[list[int]] = []

    def known(ids: Any) -> Any:
        asked.append(ids.tolist())
        return np.where(ids == last.pk, np.nan, 116.3), np.where(ids == last.pk, np.nan, 39.9)

    rezone.register_points("test", known)
    (part,) = placed.read(placed.ids_under([A]))
    lon, lat = rezone.points(part)
    assert asked == [[first.pk, last.pk]]
    np.testing.assert_array_equal(lon, [116.3, np.nan, np.nan])
    np.testing.assert_array_equal(lat, [39.9, np.nan, np.nan])


@pytest.mark.django_db
@pytest.mark.parametrize("step", [1, 2, 50])
def test_columns_of_some_are_the_same_by_range_and_by_key(step: int) -> None:
    matters = opened(*[A, B, C] * 40)
    ids = np.array([m.pk for m in matters][::step], np.int64)
    (part,) = placed.read(ids)
    assert part.id.tolist() == ids.tolist() and part.area.tolist() == [m.area for m in matters][::step]
    gone = np.append(ids, ids[-1] + 1000)
    assert placed.columns_of(gone).id.tolist() == ids.tolist()


@pytest.mark.django_db
def test_a_line_may_say_that_many_others_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_of_many", {"other"})
    for n, kind in enumerate(("test", "other")):
        (matter,) = opened(A, kind=kind)
        line = Journal.objects.create(matter=matter, seq=1, verb="v", actor="a", at=clock.now(), body="{}", hash="h")
        Outbox.objects.create(matter=matter, journal=line, position=n + 1)
    assert queries.changes_after(0)[2] and queries.changes_after(1)[2] and not queries.changes_after(2)[2]
    assert not queries.changes_after(0, 1)[2] and queries.changed_after(0) == queries.changes_after(0)[:2]
