"""Cases when borders move: their points, a place given in the same moment, and boards that show the new areas."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.db import connection

from linli.command import queries as command
from linli.config.wiring import wire
from linli.core.actor import SYSTEM
from linli.core.errors import Refusal
from linli.flow import actions as flow
from linli.flow import queries as flow_queries
from linli.flow import relay, rezone, seals
from linli.flow.models import Journal, Matter
from linli.flow.placed import read
from linli.flow.rules import Flow, Stage
from linli.response import actions, picture
from linli.response.board import Wanted
from linli.response.models import Case
from linli.response.queries.points import points_of_ids
from linli.testing.fixtures import Cast

from .conftest import NIUJIE

NEW = "110102018"
SAID = Flow(
    kind="test_borders", start="said", ends=frozenset(), stages={"said": Stage("said", "said", "said")}, moves={}
)


def asked(district: Cast, n: int) -> list[Case]:
    """Questions of somebody in Niujie, without a point."""
    report = actions.Report("phone", "7109", description="水从井盖里冒出来了怎么办", division="110102018")
    found = [actions.report_case(actor=district.actor("operator"), report=report).matter_id for _n in range(n)]
    return list(Case.objects.select_related("matter").filter(pk__in=found).order_by("pk"))


def announced() -> None:
    """The one line of a change of borders, with its position."""
    flow.open_matter(actor=SYSTEM, flow=SAID, verb="say", title="t", where=flow.Where("110102"), due=flow.DueTimes(), facts={})  # fmt: skip
    while relay.stamp():
        pass


@pytest.mark.django_db
def test_points_of_cases_in_the_order_asked(district: Cast, reported: Callable[..., Case]) -> None:
    first, second = reported(), reported(lon=NIUJIE[0] + 1e-4)
    (nowhere,) = asked(district, 1)
    ids = [second.pk, 10**9, nowhere.pk, first.pk]
    lon, lat = points_of_ids(np.array(ids, np.int64))
    np.testing.assert_array_equal(lon, [second.lon, np.nan, np.nan, first.lon])
    np.testing.assert_array_equal(lat, [second.lat, np.nan, np.nan, first.lat])
    assert [len(c) for c in points_of_ids(np.zeros(0, np.int64))] == [0, 0]
    wire()
    (part,) = read(np.array(sorted({first.pk, nowhere.pk}), np.int64))
    np.testing.assert_array_equal(rezone.points(part)[0], [first.lon, np.nan])  # as wired


@pytest.mark.django_db
def test_a_board_hears_of_it(district: Cast, reported: Callable[..., Case], monkeypatch: pytest.MonkeyPatch) -> None:
    """No case has a line of it: the change's own line makes a board read and show everything again."""
    monkeypatch.setattr(flow_queries, "_of_many", {SAID.kind})
    case = reported()
    while relay.stamp():
        pass
    old = case.matter.subdistrict
    assert [s.subdistrict for s in picture.spots()] == [old]
    position = flow_queries.position()
    rezone.rezone(lambda p: np.full(len(p), "110102003"), areas=["110102"], change=uuid.uuid4())
    announced()
    assert [s.subdistrict for s in picture.spots()] == ["110102003"]
    assert flow_queries.changes_after(position)[2]
    monkeypatch.setattr(command.board, "check_board", lambda *_a: None)
    assert command.news(SYSTEM, command.scope_of(Wanted("110102")), position) == {
        "position": position + 1, "many": True,
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_place_given_at_the_same_time_is_not_lost(district: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator gives questions their places while the borders of their subdistrict move: each has either its own
    place or the new area, its line stands, and nothing is refused but by the swap."""
    monkeypatch.setattr(rezone, "FIRST", 2)
    monkeypatch.setattr(rezone, "SMALLEST", 2)
    monkeypatch.setattr(rezone, "LARGEST", 2)
    monkeypatch.setattr(rezone, "PAUSE_S", 0.002)
    cases = asked(district, 12)
    operator, errors = district.actor("operator"), list[Any]()
    placed: set[int] = set()
    begin = threading.Barrier(2)

    def place() -> None:
        try:
            begin.wait(30)
            for case in cases[::2]:
                said = {"lon": NIUJIE[0], "lat": NIUJIE[1], "place_source": "map"}
                step = actions.Step("accept", case.matter.version, class_code="0102", extra=said)
                try:
                    actions.move_case(actor=operator, case=case, step=step)
                    placed.add(case.pk)
                except Refusal as refused:
                    errors.append(refused.code)
        finally:
            connection.close()

    thread = threading.Thread(target=place)
    thread.start()
    begin.wait(30)
    found = rezone.rezone(lambda p: np.where(p.area == NEW, "110102999", p.area), areas=[NEW], change=uuid.uuid4())
    thread.join()
    assert not errors and placed == {c.pk for c in cases[::2]} and not found.left
    for case in cases:
        matter = Matter.objects.get(pk=case.pk)
        if case.pk in placed:
            assert matter.grid_at_intake and matter.community and matter.stage == "accepted"
            assert Journal.objects.filter(matter=matter, verb="accept").count() == 1
        else:
            assert (matter.area, matter.subdistrict, matter.community) == ("110102999", "110102999", "")
    assert seals.verify().broken is None
