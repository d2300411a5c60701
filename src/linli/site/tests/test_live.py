"""The poll: no SQL and no session when nothing is new; never another person's news."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from linli.core.actor import RESIDENT, Actor, Post
from linli.site import live


@pytest.fixture
def source(monkeypatch):
    state = {"position": 41, "reads": 0}

    def read() -> int:
        state["reads"] += 1
        return state["position"]

    monkeypatch.setattr(live, "position_source", read)
    monkeypatch.setattr(live, "reader", None)
    live.forget_position()
    yield state
    monkeypatch.undo()
    live.forget_position()


def poll(after: object, token: str, client: Client | None = None):
    return (client or Client()).get("/live/", {"after": after, "token": token})


@pytest.mark.django_db
def test_nothing_new_costs_no_sql(source):
    token = live.live_token(Actor("person", 7), "110102")
    client = Client()
    client.cookies["sessionid"] = "x" * 32
    with CaptureQueriesContext(connection) as queries:
        responses = [poll(41, token, client) for _n in range(20)]
    assert {r.status_code for r in responses} == {304}
    assert len(queries) == 0
    assert source["reads"] == 1  # at most twice a second
    assert responses[0].content == b""
    assert responses[0].headers["Cache-Control"] == "no-store"
    assert "X-Request-Id" in responses[0].headers


@pytest.mark.django_db
def test_the_position_is_read_again_after_half_a_second(source, monkeypatch):
    assert live.position() == 41
    source["position"] = 42
    assert live.position() == 41
    began = live.time.monotonic()
    monkeypatch.setattr("linli.site.live.time.monotonic", lambda: began + 0.6)
    assert live.position() == 42


@pytest.mark.django_db
def test_news_come_from_the_reader_with_actor_and_scope(source, monkeypatch):
    asked = []

    def reader(actor, scope, after):
        asked.append((actor, scope, after))
        return {"position": 43, "matters": [{"id": 5}]}

    monkeypatch.setattr(live, "reader", reader)
    request = RequestFactory().get("/live/", {"after": 40, "token": live.live_token(Actor("person", 7), "110102")})
    request.actor = Actor("person", 7, "王敏", (Post(1, "district_chief", "110102"),))
    response = live.changes(request)
    assert response.status_code == 200
    assert b'"position": 43' in response.content
    assert asked == [(request.actor, "110102", 40)]


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["", "a|b|c|d", "person:7||9999999999|" + "0" * 32, "x" * 500, "|||"])
def test_without_a_token_of_ours_no_304_and_no_news(source, token):
    assert poll(41, token).status_code == 403


@pytest.mark.django_db
def test_another_persons_token_gives_no_news(source):
    response = poll(40, live.live_token(Actor("person", 7)))  # asked by nobody who is signed in
    assert response.status_code == 403


@pytest.mark.django_db
def test_a_token_ends(source, monkeypatch):
    token = live.live_token(RESIDENT)
    assert poll(41, token).status_code == 304
    later = live.time.time() + live.TOKEN_S + 1
    monkeypatch.setattr("linli.site.live.time.time", lambda: later)
    assert poll(41, token).status_code == 403


@pytest.mark.django_db
def test_a_bad_position_is_refused(source):
    assert poll("abc", live.live_token(RESIDENT)).status_code == 422
    assert poll("", live.live_token(RESIDENT)).status_code == 422
