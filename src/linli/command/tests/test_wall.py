"""What a wall is told: small however much is open, nothing left out of its counts, and to nobody who may not look."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from linli.command import boards, supervision, walls
from linli.core.actor import Actor
from linli.core.errors import Forbidden, Missing
from linli.flow import relay
from linli.response import actions, board, picture
from linli.response.board import Wanted
from linli.response.models import Case
from linli.testing.fixtures import Cast

from .test_board import DESHENG, DISTRICT, IN_DESHENG, IN_NIUJIE, NIUJIE, mixed, quiet, report

__all__ = ["mixed", "report"]
Report = Callable[..., Case]
WALL = "/command/data.json?wall=1"


# --- the address --------------------------------------------------------------------------------------------
def test_the_turns_of_an_address() -> None:
    said = [(t.board.key, t.seconds) for t in boards.turns("queue:7,numbers,nonsense,queue:9,league:99999", "30")]
    assert said == [("queue", 9), ("numbers", 30), ("league", boards.MOST_S)]
    for nothing in ("", ",,", "nonsense", "numbers:٣"):
        assert [t.board.key for t in boards.turns(nothing, "-4")] == ["numbers"]
    assert boards.turns("numbers:1")[0].seconds == boards.LEAST_S
    assert [t.board.key for t in boards.turns("all", "60")] == list(boards.known())
    assert len(boards.turns(",".join(["queue"] * 5000))) == 1


@pytest.fixture
def another() -> Iterator[list[Any]]:
    """A board of another room, which may refuse."""
    refused: list[Any] = []

    def render(_actor: Actor, division: str) -> dict[str, Any]:
        if refused:
            raise refused[0]
        return {"title": f"<b>{division}</b>", "words": "值班"}

    boards.register("roster", "值班", render, "command/walls/nothing.html", lambda _a, d: {"division": d})
    yield refused
    boards._others.pop("roster")


def test_a_board_of_another_room(district: Cast, another: list[Any]) -> None:
    chief = district.client("chief")
    page = chief.get("/command/?wall=1&rotate=roster,numbers").content.decode()
    assert 'data-board="roster"' in page and "&lt;b&gt;110102" in page
    body = chief.get(f"{WALL}&rotate=roster").json()
    assert body["data"] == {"roster": {"division": DISTRICT}} and "&lt;b&gt;" in body["parts"]["roster"]
    another.append(Forbidden("not_yours", "不归您管。"))
    assert 'data-board="roster"' not in chief.get("/command/?wall=1&rotate=roster,numbers").content.decode()
    assert not chief.get(f"{WALL}&rotate=roster").json()["data"]
    with pytest.raises(AssertionError):
        boards.register("numbers", "", lambda *_a: {}, "", lambda *_a: None)


def test_the_theme_is_the_address_and_nothing_is_remembered(district: Cast) -> None:
    chief = district.client("chief")
    for asked, theme in (("", "dark"), ("&theme=light", "light"), ("&theme=pink", "dark")):
        answer = chief.get(f"/command/?wall=1{asked}")
        assert f'data-theme="{theme}"' in answer.content.decode() and "linli_theme" not in answer.cookies


# --- what is told --------------------------------------------------------------------------------------------
def test_cells_and_marks_count_all_that_is_open(district: Cast, mixed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    chief = district.actor("chief")
    for wanted in (Wanted(DISTRICT), Wanted(NIUJIE), Wanted(DISTRICT, top="01"), Wanted(DESHENG, days=7)):
        seen = walls.see(chief, wanted)
        for most in (walls.MOST_MARKS, 0):
            monkeypatch.setattr(walls, "MOST_MARKS", most)
            found = walls.ground(seen.look)
            counted = [sum(c[i] for c in found.cells) for i in (2, 3, 4)]
            for _lon, _lat, kind in found.marks:
                counted[{"soon": 1, "late": 2}[kind]] += 1
            legend = seen.numbers.legend
            assert counted == [legend["ok"], legend["soon"], legend["late"]]
            assert sum(counted) == seen.numbers.open


def test_an_empty_division_has_an_empty_wall(district: Cast) -> None:
    body = district.client("chief").get(f"{WALL}&rotate=all").json()
    assert body["cells"] == [] == body["marks"] and set(body["parts"]) == {
        "heads",
        "league",
        "queue",
        "pressed",
        "duty",
        "summons",
    }
    assert "<li" not in body["parts"]["queue"]


def test_the_head_of_the_queue_is_the_queue_of_the_page(district: Cast, mixed: None) -> None:
    chief = district.actor("chief")
    seen = walls.see(chief, Wanted(DISTRICT))
    heads = walls.heads(seen, 50)
    assert heads.which == "late" and heads.total == f"{seen.numbers.tabs['late']:,}"
    rows = board.queue(chief, Wanted(DISTRICT), "late", 50)
    assert [line.id for line in heads.lines] == [row.id for row in rows]
    assert heads.lines[0].place == board.place_line(rows[0]) and heads.lines[0].time.startswith("超期")


def test_the_wall_says_nothing_of_another_subdistrict(district: Cast, report: Report) -> None:
    report(IN_DESHENG)
    niujie = district.client("chief-niujie")
    for path in (WALL, "/command/cells.json?", "/command/pressed.json?", "/command/map.geojson?"):
        assert niujie.get(f"{path}&division={DISTRICT}").status_code == 404
        assert niujie.get(f"{path}&division={DESHENG}").status_code == 404
        assert district.client("handler-sanitation").get(path).status_code == 403
    assert niujie.get(f"{WALL}&division={NIUJIE}").json()["cells"] == []
    with pytest.raises(Missing):
        walls.see(district.actor("chief-niujie"), Wanted(DESHENG))


def test_a_refresh_is_small_and_cheap(district: Cast, mixed: None) -> None:
    chief = district.client("chief")
    address = f"{WALL}&division={DISTRICT}&rotate=numbers,league,queue"
    chief.get(address)
    tries = []
    for _turn in range(3):
        with CaptureQueriesContext(connection) as captured:
            answer = chief.get(address, headers={"accept-encoding": "gzip"})
        tries.append(quiet(captured))
    assert min(map(len, tries)) <= 3, tries
    assert len(answer.content) < 50_000 and json.loads(gzip.decompress(answer.content))["revision"]


# --- under supervision ---------------------------------------------------------------------------------------------
def press(cast: Cast, case: Case, verb: str, who: str = "chief") -> None:
    case.matter.refresh_from_db()
    step = actions.Step(verb, case.matter.version, text="今天办完")
    actions.move_case(actor=cast.actor(who), case=Case.objects.select_related("matter").get(pk=case.pk), step=step)


def test_what_is_pressed_stands_on_the_list_until_it_is_closed(district: Cast, report: Report) -> None:
    chief = district.actor("chief")
    reminded, supervised, raised, calm = (report(IN_NIUJIE, to="accepted") for _n in range(4))
    press(district, reminded, "remind")
    press(district, supervised, "supervise")
    press(district, raised, "escalate")
    look = board.look(chief, Wanted(DISTRICT))
    assert [s.id for s in look.pressed()] == [supervised.pk, raised.pk, reminded.pk]
    assert calm.pk not in {s.id for s in look.pressed()}
    rows = supervision.pressed(look, 2)
    assert [r.line.id for r in rows] == [supervised.pk, raised.pk]
    assert rows[0].how == "督办" and rows[0].by and "前" in rows[0].ago
    said = district.client("chief").get(f"/command/pressed.json?division={DISTRICT}").json()["said"]
    assert set(map(int, said)) == {supervised.pk, raised.pk, reminded.pk}
    page = district.client("chief").get("/command/?tab=pressed").content.decode()
    assert page.count("data-matter=") == 3
    assert {s.id for s in look.points(1)} == {s.id for s in look.pressed()} | {look.here[0].id}  # never cut away
    while relay.stamp():
        pass
    picture.forget()
    assert len(board.look(chief, Wanted(DISTRICT)).pressed()) == 3
    assert not board.look(chief, Wanted(DESHENG)).pressed()


def test_a_wall_names_no_person(district: Cast, report: Report) -> None:
    case = report(to="accepted")
    press(district, case, "supervise")
    name = supervision.pressed(board.look(district.actor("chief"), Wanted(DISTRICT)), 5)[0].by
    body = district.client("chief").get(f"{WALL}&rotate=all").content.decode()
    assert name and name not in body and "督办 1 次" in body


# --- the map to take away ---------------------------------------------------------------------------------------------
def test_the_map_as_geojson(district: Cast, mixed: None) -> None:
    answer = district.client("chief").get(f"/command/map.geojson?division={DISTRICT}&top=01")
    found = json.loads(answer.content)
    look = board.look(district.actor("chief"), Wanted(DISTRICT, top="01"))
    assert len(found["features"]) == len(look.here) > 0 and found["division"] == DISTRICT
    one = found["features"][0]
    assert set(one["properties"]) == {"number", "class", "stage", "urgency", "place", "division", "due"}
    assert ".geojson" in answer["Content-Disposition"]
    empty = district.client("chief").get(f"/command/map.geojson?division={DESHENG}&top=02&days=1")
    assert json.loads(empty.content)["features"] == []
