"""What a board says equals the lists it links to; who may see which; what it costs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from linli.command import queries
from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.errors import Forbidden, Missing
from linli.flow import relay
from linli.response import actions, board, picture
from linli.response import queries as response
from linli.response.board import Wanted
from linli.response.models import Case
from linli.response.queries import CaseFilter
from linli.site import live
from linli.testing.fixtures import Cast

DISTRICT, NIUJIE, DESHENG = "110102", "110102018", "110102010"
IN_NIUJIE, IN_DESHENG = (116.3596, 39.8862), (116.3793, 39.9585)
# not counted: who asks, and the revision rows that each process reads at most once a second
SESSION = (
    "django_session", "accounts_account", "accounts_postheld", "SAVEPOINT", "BEGIN", "COMMIT",
    "territory_", "organisations_revision", "response_revision",
)  # fmt: skip

Report = Callable[..., Case]


@pytest.fixture
def report(district: Cast) -> Report:
    """Report a case at a place, as somebody, some hours ago; and let it go some steps of the way."""

    def make(
        where: tuple[float, float] = IN_NIUJIE, *, ago_h: float = 0, class_code: str = "0102", to: str = ""
    ) -> Case:
        with clock.at(clock.now() - timedelta(hours=ago_h), actor=SYSTEM):
            receipt = actions.report_case(
                actor=district.actor("operator"),
                report=actions.Report(
                    channel="phone", class_code=class_code, lon=where[0], lat=where[1], description="垃圾没清。"
                ),
            )
            case = Case.objects.select_related("matter").get(pk=receipt.matter_id)
            if to:
                verb = {"accepted": "accept", "declined": "decline"}[to]
                step = actions.Step(verb, case.matter.version, text="重复" if verb == "decline" else "")
                actions.move_case(actor=district.actor("operator"), case=case, step=step)
        return Case.objects.select_related("matter").get(pk=case.pk)

    return make


@pytest.fixture
def mixed(report: Report) -> None:
    """Late, soon and quiet cases in two subdistricts, of several classes and ages."""
    for ago_h in (0, 0.5, 30, 80, 200):
        report(ago_h=ago_h)
        report(IN_DESHENG, ago_h=ago_h, class_code="0101")
    report(ago_h=0.2, to="accepted")
    report(IN_DESHENG, ago_h=50, to="accepted")
    report(ago_h=1, to="declined")


def listed(actor: Actor, url: str) -> int:
    """How many cases the linked list holds."""
    return response.cases(actor, CaseFilter.from_mapping(dict(parse_qsl(urlsplit(url).query)))).count()


def quiet(captured: CaptureQueriesContext) -> list[str]:
    return [q["sql"] for q in captured if not any(word in q["sql"] for word in SESSION)]


@pytest.mark.parametrize(
    ("username", "wanted"),
    [
        ("chief", Wanted(DISTRICT)),
        ("chief", Wanted(NIUJIE)),
        ("chief", Wanted(DISTRICT, days=7)),
        ("chief", Wanted(DISTRICT, days=1)),
        ("operator", Wanted(DISTRICT, top="01")),
        ("chief-niujie", Wanted(NIUJIE)),
        ("chief-niujie", Wanted(NIUJIE, days=30)),
        ("desk", Wanted(NIUJIE)),
    ],
)
def test_every_number_counts_the_list_it_links_to(district: Cast, mixed: None, username: str, wanted: Wanted) -> None:
    actor = district.actor(username)
    found = queries.numbers(actor, wanted)
    for number in found.six:
        if number.key == "rate":
            assert listed(actor, number.url) == board.look(actor, wanted).closed_today().closed
        else:
            assert listed(actor, number.url) == int(number.value.replace(",", "")), number.key
    for key, extra in board.QUEUES.items():
        assert listed(actor, queries.list_url(wanted, found.at, **extra)) == found.tabs[key], key
    assert listed(actor, queries.list_url(wanted, found.at, open="1")) == found.open
    assert sum(p.open for p in found.league) == found.open


def test_the_numbers_are_not_all_nought(district: Cast, mixed: None) -> None:
    found = queries.numbers(district.actor("chief"), Wanted(DISTRICT))
    assert found.open == 12
    assert found.tabs["late"] >= 5
    assert found.tabs["accepted"] == 2
    assert found.league[0].late >= found.league[1].late > 0 == found.league[-1].late
    assert {p.code for p in found.league if p.open} == {NIUJIE, DESHENG}


def test_points_are_what_the_counts_say(district: Cast, mixed: None) -> None:
    body = json.loads(queries.data(district.actor("chief"), Wanted(DISTRICT)))
    assert len(body["points"]) == body["counts"]["tabs"]["all"] == 12
    assert body["full"]
    dues = [p[5] for p in body["points"]]
    assert dues == sorted(dues)
    number, place = body["points"][0][1], body["places"][body["points"][0][8]]
    assert response.case_for(district.actor("chief"), number)
    assert place.startswith(("牛街", "德胜"))


def test_a_community_narrows_all_but_the_league(district: Cast, mixed: None) -> None:
    actor = district.actor("chief-niujie")
    whole = queries.numbers(actor, Wanted(NIUJIE))
    community = next(p.code for p in whole.league if p.open)
    assert len(community) == 12
    narrowed = queries.numbers(actor, Wanted(NIUJIE, community=community))
    assert [p.code for p in narrowed.league] == [p.code for p in whole.league]
    assert narrowed.open == next(p.open for p in whole.league if p.code == community)
    empty = queries.numbers(actor, Wanted(NIUJIE, community=whole.league[-1].code))
    assert empty.open == 0 == sum(empty.tabs.values())


# --- the picture that a process keeps ------------------------------------------------------------------------
def shown(actor: Actor, wanted: Wanted) -> dict[int, list[Any]]:
    return {p[0]: p for p in json.loads(queries.data(actor, wanted))["points"]}


def test_the_picture_follows_every_committed_line_and_costs_one_question(district: Cast, report: Report) -> None:
    chief = district.actor("chief")
    first = report()
    assert set(shown(chief, Wanted(DISTRICT))) == {first.pk}
    second = report(IN_DESHENG, ago_h=200)  # not stamped yet: a line counts once it is committed
    assert list(shown(chief, Wanted(DISTRICT))) == [second.pk, first.pk]
    relay.stamp()
    step = actions.Step("accept", first.matter.version)
    actions.move_case(actor=district.actor("operator"), case=first, step=step)
    assert shown(chief, Wanted(DISTRICT))[first.pk][4] == "accepted"
    first.matter.refresh_from_db()
    actions.move_case(
        actor=district.actor("operator"), case=second, step=actions.Step("decline", second.matter.version, text="重复")
    )
    assert set(shown(chief, Wanted(DISTRICT))) == {first.pk}
    while relay.stamp():
        pass
    assert set(shown(chief, Wanted(NIUJIE))) == {first.pk} and not shown(chief, Wanted(DESHENG))
    with CaptureQueriesContext(connection) as captured:
        board.look(chief, Wanted(DISTRICT))
    assert len(quiet(captured)) == 1


def test_the_picture_is_what_a_fresh_reading_gives(district: Cast, mixed: None) -> None:
    chief = district.actor("chief")
    kept = {w: shown(chief, w) for w in (Wanted(DISTRICT), Wanted(NIUJIE), Wanted(DISTRICT, top="01"))}
    while relay.stamp():
        shown(chief, Wanted(DISTRICT))
    picture.forget()
    for wanted, points in kept.items():
        assert points and list(points.items()) == list(shown(chief, wanted).items())


def test_one_actors_picture_is_not_anothers(district: Cast, mixed: None) -> None:
    """The process keeps all; what each board tells is asked and filtered every time."""
    assert shown(district.actor("chief"), Wanted(DISTRICT))
    desheng = district.client("chief-desheng")
    assert desheng.get(f"/command/data.json?division={DISTRICT}").status_code == 404
    body = desheng.get(f"/command/data.json?division={DESHENG}").json()
    assert body["points"] and all(name.startswith("德胜") for name in body["places"].values())


def test_at_midnight_the_day_begins_anew(district: Cast, report: Report) -> None:
    chief = district.actor("chief")
    case = report()
    declined = report(to="declined")
    now = clock.now()
    assert queries.numbers(chief, Wanted(DISTRICT)).six[0].value == "2"
    midnight = clock.local(now).replace(hour=0, minute=0, second=1, microsecond=0) + timedelta(days=1)
    with clock.at(midnight, actor=SYSTEM):
        found = queries.numbers(chief, Wanted(DISTRICT))
        assert found.six[0].value == "0" and "2" not in found.six[5].hint
        assert set(shown(chief, Wanted(DISTRICT))) == {case.pk} != {declined.pk}
        assert set(shown(chief, Wanted(DISTRICT, days=1))) == set()


def test_data_is_the_same_zipped(district: Cast, mixed: None) -> None:
    chief = district.client("chief")
    plain = chief.get("/command/data.json")
    zipped = chief.get("/command/data.json", headers={"accept-encoding": "br, gzip"})
    assert "Content-Encoding" not in plain.headers and zipped.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(zipped.content))["points"] == plain.json()["points"] != []


# --- who may look ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("username", "path", "status"),
    [
        ("chief", "/command/", 200),
        ("dispatcher", "/command/", 200),
        ("auditor", "/command/", 200),
        ("operator", "/command/", 200),
        ("verifier", "/command/", 200),
        ("chief", f"/command/{NIUJIE}/", 200),
        ("chief-niujie", "/command/", 302),
        ("chief-niujie", f"/command/{NIUJIE}/", 200),
        ("dispatcher-niujie", f"/command/{NIUJIE}/", 200),
        ("desk", f"/command/{NIUJIE}/", 200),
        ("chief-desheng", f"/command/{NIUJIE}/", 404),
        ("chief-desheng", f"/command/data.json?division={NIUJIE}", 404),
        ("chief-desheng", f"/command/data.json?division={DISTRICT}", 404),
        ("chief-desheng", f"/command/data.json?division={DESHENG}", 200),
        ("chief", "/command/110102999/", 404),
        ("chief", "/command/data.json?division=1101", 404),
        ("grid-niujie", "/command/", 403),
        ("handler-water", f"/command/{NIUJIE}/", 403),
        ("administrator", "/command/data.json", 403),
    ],
)
def test_who_may_look(district: Cast, username: str, path: str, status: int) -> None:
    assert district.client(username).get(path).status_code == status


def test_nobody_signed_in_is_asked_to(client: Client, district: Cast) -> None:
    assert client.get("/command/?days=7").headers["Location"].startswith("/login/?next=")


def test_a_chief_sees_nothing_of_another_subdistrict(district: Cast, mixed: None) -> None:
    desheng = district.actor("chief-desheng")
    for read in (board.look, board.hours):
        with pytest.raises(Missing):
            read(desheng, Wanted(NIUJIE))
        with pytest.raises(Missing):
            read(desheng, Wanted(DISTRICT))
    assert {p.subdistrict for p in board.look(desheng, Wanted(DESHENG)).points()} == {DESHENG}
    with pytest.raises(Forbidden):
        board.look(district.actor("handler-water"), Wanted(DISTRICT))


def test_the_filter_form_leads_to_the_other_board(district: Cast) -> None:
    chief = district.client("chief")
    assert chief.get(f"/command/?subdistrict={NIUJIE}&top=01&days=7").headers["Location"] == (
        f"/command/{NIUJIE}/?top=01&days=7"
    )
    assert chief.get(f"/command/{NIUJIE}/?subdistrict=&wall=1").headers["Location"] == "/command/?wall=1"
    assert chief.get(f"/command/{NIUJIE}/?subdistrict={NIUJIE}&community=").status_code == 200
    for nonsense in ("?top=99&days=x&community=1&tab=nothing", "?days=-1", "?top=%00", "?wall=9"):
        assert chief.get("/command/" + nonsense).status_code == 200


# --- the page -------------------------------------------------------------------------------------------------
def test_the_page_without_any_case(district: Cast) -> None:
    page = district.client("chief").get("/command/").content.decode()
    assert "没有超期的案件" in page
    assert page.count("data-number=") == 6
    assert page.count("<h1") == 1
    assert "按期结案率" in page and "—" in page


def test_tabs_and_rows_stand_in_the_page_without_a_script(district: Cast, mixed: None) -> None:
    chief = district.client("chief")
    page = chief.get("/command/?tab=accepted").content.decode()
    assert page.count("data-matter=") == 2
    assert "tab=late" in page and 'aria-current="true"' in page
    wall = chief.get("/command/?wall=1").content.decode()
    assert 'data-theme="dark"' in wall and "data-wall" in wall
    main = wall[wall.index("<main") : wall.index("</main>")]
    assert "<a " not in main and "<button" not in main and "<select" not in main


# --- the live poll ----------------------------------------------------------------------------------------------
def news(actor: Actor, wanted: Wanted, after: int) -> dict[str, Any]:
    relay.stamp()
    live.forget_position()
    assert live.reader is not None
    return live.reader(actor, queries.scope_of(wanted), after)


def test_a_new_case_is_told_to_its_own_boards_only(district: Cast, report: Report) -> None:
    relay.stamp()
    start = relay.position()
    case = report()
    told = news(district.actor("chief"), Wanted(DISTRICT), start)
    assert told["position"] > start
    (row,) = told["changed"]
    number = response.number_of_case(case)
    assert (row["id"], row["number"], row["url"]) == (case.pk, number, f"/cases/{number}/")
    assert (row["lon"], row["lat"]) == (case.lon, case.lat)
    assert row["kind"] in {"ok", "soon"} and row["stage"] == "reported"
    assert row["place"].startswith("牛街")
    assert told["counts"]["six"]["opened"][0] == "1"
    assert news(district.actor("chief-niujie"), Wanted(NIUJIE), start)["changed"]
    other = news(district.actor("chief-desheng"), Wanted(DESHENG), start)
    assert other["changed"] == [] == other["removed"]
    assert news(district.actor("chief"), Wanted(DISTRICT, top="02"), start)["removed"] == [case.pk]
    assert news(district.actor("chief"), Wanted(DISTRICT), told["position"])["changed"] == []


def test_a_declined_case_goes_away(district: Cast, report: Report) -> None:
    case = report()
    relay.stamp()
    start = relay.position()
    step = actions.Step("decline", case.matter.version, text="重复")
    actions.move_case(actor=district.actor("operator"), case=case, step=step)
    told = news(district.actor("chief"), Wanted(DISTRICT), start)
    assert (told["changed"], told["removed"]) == ([], [case.pk])


def test_the_scope_is_asked_again_at_every_poll(district: Cast, report: Report) -> None:
    report()
    with pytest.raises(Missing):
        news(district.actor("chief-desheng"), Wanted(NIUJIE), 0)
    desheng = district.client("chief-desheng")
    token = live.live_token(district.actor("chief-desheng"), f"0:{NIUJIE}")
    assert desheng.get("/live/", {"after": "-1", "token": token}).status_code == 404
    token = live.live_token(district.actor("chief-desheng"), f"0:{DESHENG}")
    assert desheng.get("/live/", {"after": "-1", "token": token}).json()["changed"] == []


def test_too_much_at_once_is_asked_for_anew(district: Cast, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_CHANGES", 2)
    for _n in range(3):
        report()
    assert news(district.actor("chief"), Wanted(DISTRICT), 0)["many"] is True


def test_a_scope_goes_through_the_token_and_back(district: Cast) -> None:
    for wanted in (Wanted(DISTRICT), Wanted(NIUJIE, days=7)):
        assert queries.wanted_of(queries.scope_of(wanted)).division == wanted.division
        assert queries.wanted_of(queries.scope_of(wanted)).days == wanted.days
    assert queries.scope_of(Wanted(DISTRICT)) == "0:110102"


def test_a_wall_keeps_its_session_and_its_leave_to_poll(district: Cast, mixed: None) -> None:
    chief = district.client("chief")
    name = settings.SESSION_COOKIE_NAME
    assert name not in chief.get("/command/data.json").cookies  # a page at a desk ends with its session
    wall = chief.get("/command/data.json?wall=1")
    assert wall.cookies[name]["max-age"] == settings.SESSION_COOKIE_AGE
    assert name not in chief.get("/command/data.json?wall=1").cookies  # one write an hour
    assert live.read_token(wall.json()["live"]) == (district.actor("chief").label, f"0:{DISTRICT}")
    assert "data.json?division=110102&amp;wall=1" in chief.get("/command/?wall=1").content.decode().replace(
        "\\u0026", "&amp;"
    )


# --- what it costs ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "most"), [("/command/", 4), (f"/command/{NIUJIE}/?days=7&top=01&tab=closed", 4), ("/command/data.json", 3)]
)
def test_sql_budget(district: Cast, mixed: None, path: str, most: int) -> None:
    chief = district.client("chief")
    chief.get(path)
    tries = []
    for _turn in range(3):  # the least: twice a second a process also asks for the outbox's position
        with CaptureQueriesContext(connection) as captured:
            assert chief.get(path).status_code == 200
        tries.append(quiet(captured))
    assert min(map(len, tries)) <= most, tries


def test_a_poll_with_a_change_is_cheap(district: Cast, mixed: None) -> None:
    relay.stamp()
    actor = district.actor("chief")
    news(actor, Wanted(DISTRICT), 0)
    newest = relay.position()
    with CaptureQueriesContext(connection) as captured:
        assert queries.news(actor, "0:110102", newest - 3)["changed"]
    assert len(quiet(captured)) <= 6
