"""Signing in, being locked out, tokens: who a request acts as."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.http import JsonResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse

from linli.accounts import actions, permissions, queries
from linli.accounts.models import Account
from linli.config import urls as house
from linli.core import clock
from linli.core.actor import SYSTEM
from linli.testing import cast as people
from linli.testing.fixtures import Cast

LOGIN = "/login/"


def who(request):
    return JsonResponse({"actor": request.actor.label, "posts": [p.kind for p in request.actor.posts]})


urlpatterns = [*house.urlpatterns, path("api/who", who), path("who", permissions.require("operator")(who))]


@pytest.fixture
def person(db: None) -> actions.Secret:
    made = actions.create_account(actor=SYSTEM, username="clerk", display_name="职员", password="a-long-enough-one")
    actions.give_post(actor=SYSTEM, account_id=made.id, kind="operator", division="110102")
    return made


def enter(client: Client, password: str = "a-long-enough-one", **more: str):
    return client.post(LOGIN, {"username": "Clerk", "password": password, **more})


def test_signing_in_and_out(person: actions.Secret, client: Client) -> None:
    assert enter(client).url == reverse("accounts:landing")
    assert client.get("/me/").status_code == 200
    assert client.get("/logout/").status_code == 405
    client.post("/logout/")
    assert client.get("/me/").url == "/login/?next=%2Fme%2F"


@pytest.mark.parametrize(
    ("after", "expected"),
    [("/me/", "/me/"), ("https://evil.example/", None), ("//evil.example", None), ("javascript:alert(1)", None),
     ("/\\evil.example", None), ("", None)],
)  # fmt: skip
def test_one_returns_only_to_our_own_pages(person: actions.Secret, client: Client, after: str, expected: str) -> None:
    assert enter(client, next=after).url == (expected or reverse("accounts:landing"))
    assert client.get(f"{LOGIN}?next={quote(after)}").status_code == 302
    if expected is None:
        assert "evil" not in client.get(f"{LOGIN}?next={quote(after)}").url


def test_a_wrong_password_and_an_unknown_name_look_alike(person: actions.Secret, client: Client) -> None:
    wrong, unknown = enter(client, "not the password"), client.post(LOGIN, {"username": "nobody", "password": "x"})
    assert wrong.status_code == unknown.status_code == 422
    for page in (wrong, unknown):
        assert "登录名或密码不对" in page.content.decode()
    for bad in ({}, {"username": "a\x00b", "password": "x"}, {"username": "长" * 5000, "password": "x" * 5000}):
        assert client.post(LOGIN, bad).status_code == 422


def test_six_failures_lock_the_name_at_this_address_and_say_until_when(person: actions.Secret, client: Client) -> None:
    pages = [enter(client, "not the password") for _ in range(6)]
    assert [p.status_code for p in pages] == [422] * 5 + [429]
    locked = enter(client)
    assert locked.status_code == 429 and 0 < int(locked["Retry-After"]) <= 900
    text = locked.content.decode()
    assert "登录已暂停" in text and "分钟后再试" in text
    assert client.get("/me/").status_code == 302
    elsewhere = Client(REMOTE_ADDR="10.9.8.7")
    assert enter(elsewhere).status_code == 302
    assert actions.forget_login_attempts(before=clock.now() + timedelta(hours=1)) >= 1
    assert enter(client).status_code == 302


def test_one_address_may_not_go_on_trying_names(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linli.site.limits.rates", lambda name: {"sign_in": ((5, 900),)}[name])
    client = Client(REMOTE_ADDR="10.1.1.1")
    codes = [client.post(LOGIN, {"username": f"name{n}", "password": "x"}).status_code for n in range(7)]
    assert codes == [422] * 5 + [429] * 2
    assert Client(REMOTE_ADDR="10.1.1.2").post(LOGIN, {"username": "x1", "password": "x"}).status_code == 422


def test_demonstration_accounts_are_refused_with_the_reason(db: None, client: Client, settings, tmp_path) -> None:
    settings.KEYS = tmp_path
    people.load_pack_bodies()
    settings.DEMONSTRATION = True
    printed = people.create_cast(actor=SYSTEM)
    assert people.create_cast(actor=SYSTEM) == printed == people.cast_passwords()
    assert (tmp_path / "demonstration.json").stat().st_mode & 0o777 == 0o600
    username, password, title = printed[0]
    assert title == "受理员 · 西城区" and len({p for _u, p, _t in printed}) == len(people.CAST)
    assert client.post(LOGIN, {"username": username, "password": password}).status_code == 302
    assert client.get("/me/").status_code == 200
    assert client.get("/me/password/").status_code == 200
    page = client.post("/me/password/", {"old": password, "new": "another-long-one", "again": "another-long-one"})
    assert page.status_code == 422 and "演示账号的密码" in page.content.decode()
    settings.DEMONSTRATION = False
    assert client.get("/me/").status_code == 302  # a session that was open before
    page = Client().post(LOGIN, {"username": username, "password": password})
    assert page.status_code == 422 and "只能在演示模式下登录" in page.content.decode()


def test_lost_demonstration_passwords_are_made_anew(db: None, settings, tmp_path) -> None:
    settings.KEYS, settings.DEMONSTRATION = tmp_path, True
    people.load_pack_bodies()
    before = people.create_cast(actor=SYSTEM)
    (tmp_path / "demonstration.json").unlink()
    after = people.create_cast(actor=SYSTEM)
    assert before[0][1] != after[0][1]
    assert Account.objects.get(username="operator").check_password(after[0][1])


def test_a_temporary_password_is_changed_before_anything_else(db: None, client: Client) -> None:
    made = actions.create_account(actor=SYSTEM, username="fresh", display_name="新人")
    actions.give_post(actor=SYSTEM, account_id=made.id, kind="administrator", division="110102")
    client.post(LOGIN, {"username": "fresh", "password": made.secret})
    assert client.get("/settings/accounts/").url == "/me/password/"
    same = client.post("/me/password/", {"old": made.secret, "new": made.secret, "again": made.secret})
    assert same.status_code == 422
    differ = client.post("/me/password/", {"old": made.secret, "new": "a-long-new-one", "again": "another"})
    assert differ.status_code == 422 and "不一样" in differ.content.decode()
    wrong = client.post("/me/password/", {"old": "nonsense", "new": "a-long-new-one", "again": "a-long-new-one"})
    assert wrong.status_code == 422 and "原密码不对" in wrong.content.decode()
    other = Client()
    other.post(LOGIN, {"username": "fresh", "password": made.secret})
    good = client.post("/me/password/", {"old": made.secret, "new": "a-long-new-one", "again": "a-long-new-one"})
    assert good.url == "/me/"
    assert client.get("/settings/accounts/").status_code == 200
    assert other.get("/me/").status_code == 302  # sessions of the old password end


def test_a_disabled_account_is_out_at_once(person: actions.Secret, client: Client) -> None:
    enter(client)
    actions.set_active(actor=SYSTEM, account_id=person.id, active=False)
    assert client.get("/me/").status_code == 302
    assert enter(Client(), "a-long-enough-one").status_code == 422


@pytest.mark.urls(__name__)
def test_require(person: actions.Secret, client: Client, cast: Cast) -> None:
    assert client.get("/who?a=1").url == "/login/?next=%2Fwho%3Fa%3D1"
    assert client.post("/who").url == "/login/"
    assert client.get("/who", headers={"HX-Request": "true"})["HX-Redirect"] == "/login/"
    assert who and urlpatterns[-1].callback.allowed_kinds == ("operator",)
    enter(client)
    assert client.get("/who").json() == {"actor": f"person:{person.id}", "posts": ["operator"]}
    refused = cast.client("verifier").get("/who")
    assert refused.status_code == 403 and "受理员" in refused.content.decode()


@pytest.mark.urls(__name__)
def test_tokens_act_on_api_paths_only_and_within_their_scopes(person: actions.Secret, client: Client) -> None:
    actions.give_post(actor=SYSTEM, account_id=person.id, kind="verifier", division="110102")
    token = actions.create_token(actor=SYSTEM, account_id=person.id, name="试", scopes=["verifier", "auditor"], days=1)
    strict = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {token.secret}"})
    with CaptureQueriesContext(connection) as first:
        answer = strict.post("/api/who")
    assert answer.json() == {"actor": f"token:{person.id}", "posts": ["verifier"]}
    assert len(first) <= 2
    with CaptureQueriesContext(connection) as again:
        strict.get("/api/who")
    assert len(again) == 0
    assert strict.get("/who").status_code == 302
    actions.revoke_token(actor=SYSTEM, token_id=token.id)
    refused = strict.get("/api/who")
    assert refused.status_code == 401 and refused.json()["code"] == "bad_token"
    for text in ("Bearer ", "Bearer nonsense", "Bearer \udce4", "bearer " + "x" * 5000):
        with_text = Client(headers={"Authorization": text.encode("utf-8", "surrogateescape").decode("latin-1")})
        assert with_text.get("/api/who").status_code == 401


@pytest.mark.urls(__name__)
def test_a_session_only_reads_below_api(person: actions.Secret, client: Client) -> None:
    enter(client)
    assert client.get("/api/who").json()["actor"] == f"person:{person.id}"
    assert client.post("/api/who").json()["actor"] == "resident"


def test_tokens_end(person: actions.Secret, settings) -> None:
    token = actions.create_token(actor=SYSTEM, account_id=person.id, name="试", scopes=["operator"], days=1)
    assert queries.actor_for_token(token.secret).holds({"operator"})
    queries.forget()
    with clock.at(clock.now() + timedelta(days=2), actor=SYSTEM):
        assert queries.actor_for_token(token.secret) is None
    assert queries.actor_for_token(token.secret) is not None
    actions.set_active(actor=SYSTEM, account_id=person.id, active=False)
    assert queries.actor_for_token(token.secret) is None
    actions.set_active(actor=SYSTEM, account_id=person.id, active=True)
    Account.objects.update(is_demonstration=True)
    queries.forget()
    settings.DEMONSTRATION = False
    assert queries.actor_for_token(token.secret) is None


def test_only_the_hash_of_a_token_is_kept(person: actions.Secret) -> None:
    token = actions.create_token(actor=SYSTEM, account_id=person.id, name="试", scopes=["operator"], days=1)
    row = queries.tokens(actor=SYSTEM).get()
    assert token.secret not in json.dumps([row.hash, row.hint, row.name, row.scopes])
    assert row.hash == queries.fingerprint(token.secret)


def test_a_page_that_asks_for_nobody_reads_nobody(person: actions.Secret, client: Client) -> None:
    enter(client)
    with CaptureQueriesContext(connection) as sql:
        client.get("/manifest.webmanifest")
    assert not [q for q in sql if "accounts_" in q["sql"]]


def test_passwords_are_argon2(person: actions.Secret) -> None:
    encoded = Account.objects.get(pk=person.id).password
    assert encoded.startswith("argon2$argon2id$") and "m=19456,t=2,p=1" in encoded
