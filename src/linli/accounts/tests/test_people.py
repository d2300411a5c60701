"""Accounts and posts: what each post may be, the last administrator, and the line each change leaves."""

from __future__ import annotations

import json
import threading

import pytest
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.test.utils import CaptureQueriesContext

from linli.accounts import actions, choices, permissions, queries, rules
from linli.accounts.models import Account, Audit, PostHeld
from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM, Actor, Post
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.organisations import actions as organisation_actions
from linli.organisations import queries as organisations
from linli.testing.fixtures import Cast


def test_every_post_has_an_axis_and_a_rule() -> None:
    assert set(choices.AXIS) == set(rules.POST_RULES) == set(choices.PostKind.values)
    assert {"operator", "desk", "verifier"} == choices.SUPERVISION
    assert not choices.SUPERVISION & choices.COMMAND


@pytest.mark.parametrize(
    ("kind", "division", "body", "code"),
    [
        ("operator", "110102", None, None),
        ("operator", "110102018", None, "wrong_level"),
        ("operator", "110102", "110102", "body_not_allowed"),
        ("handler", "110102018", "110102", None),
        ("handler", "110102018", None, "body_required"),
        ("handler", "110102018", "110102010", "body_elsewhere"),
        ("handler", "110102", "110102018", "body_elsewhere"),
        ("subdistrict_chief", "110102", None, "wrong_level"),
        ("district_chief", "110102", None, None),
        ("grid_worker", "110102018001", "110102018", None),
        ("mayor", "110102", None, "no_such_post"),
        ("operator", "1101０2", None, "bad_division"),
        ("operator", "", None, "bad_division"),
    ],
)
def test_post_rules(kind: str, division: str, body: str | None, code: str | None) -> None:
    problem = rules.check_post(kind, division, body)
    assert (problem[1] if problem else None) == code


def test_posts_that_sit_badly_together_are_warned_of() -> None:
    verifier, handler = Post(1, "verifier", "110102"), Post(2, "handler", "110102018", 3)
    assert rules.warnings([verifier]) == []
    assert len(rules.warnings([verifier, handler])) == 1
    assert rules.warnings([Post(1, "verifier", "110102010"), handler]) == []
    assert rules.warnings([Post(1, "auditor", "110102"), handler])


def test_covers_says_why_not() -> None:
    niujie = Actor("person", 1, "x", (Post(1, "dispatcher", "110102018"),))
    assert permissions.covers(niujie, {"dispatcher"}, "110102018003")
    assert permissions.covers(niujie, {"dispatcher"}, "110102010").code == "wrong_division"
    assert permissions.covers(niujie, {"dispatcher"}, "110102").code == "wrong_division"
    wrong = permissions.covers(niujie, {"verifier", "operator"}, "110102018")
    assert wrong.code == "wrong_post" and "受理员、核查员" in str(wrong.reason)


def test_actor_has_only_the_posts_of_now(cast: Cast) -> None:
    account = cast.id("verifier")
    post = actions.give_post(actor=SYSTEM, account_id=account, kind="operator", division="110102")
    assert {p.kind for p in cast.actor("verifier").posts} == {"verifier", "operator"}
    actions.end_post(actor=SYSTEM, post_id=post)
    assert {p.kind for p in cast.actor("verifier").posts} == {"verifier"}
    with pytest.raises(Conflict):
        actions.end_post(actor=SYSTEM, post_id=post)
    actions.give_post(actor=SYSTEM, account_id=account, kind="operator", division="110102")  # may be held again
    with pytest.raises(Conflict) as refusal:
        actions.give_post(actor=SYSTEM, account_id=account, kind="operator", division="110102")
    assert refusal.value.code == "post_held"


def test_actor_budget(cast: Cast) -> None:
    account = cast.id("handler-water")
    organisations.bodies()
    with CaptureQueriesContext(connection) as sql:
        actor = queries.actor_for(account)
    assert len(sql) <= 2 and actor.bodies({"handler"}) == {organisations.body_by_code("110102-tap-water").id}
    assert queries.actor_for(10**15) is RESIDENT


def test_a_post_serves_the_bodies_merged_into_its_own(cast: Cast) -> None:
    water, drains = (organisations.body_by_code(f"110102-{c}").id for c in ("tap-water", "drainage"))
    organisation_actions.merge_bodies(actor=SYSTEM, body_id=water, into_id=drains)
    for username in ("handler-water", "handler-drainage"):
        assert cast.actor(username).bodies({"handler"}) == {water, drains}
    with pytest.raises(Invalid):
        actions.give_post(
            actor=SYSTEM, account_id=cast.id("verifier"), kind="handler", division="110102", body_id=water
        )


def test_the_last_administrator_stays(cast: Cast) -> None:
    boss = cast.actor("administrator")
    Account.objects.filter(pk=boss.id).update(password="argon2$x")
    with pytest.raises(Conflict) as refusal:
        actions.set_active(actor=boss, account_id=boss.id, active=False)
    assert refusal.value.code == "last_administrator"
    with pytest.raises(Conflict):
        actions.end_post(actor=boss, post_id=boss.posts[0].id)
    assert cast.actor("administrator").holds({"administrator"})
    made = actions.create_account(actor=boss, username="second", display_name="第二位")
    actions.give_post(actor=boss, account_id=made.id, kind="administrator", division="110102")
    actions.end_post(actor=boss, post_id=boss.posts[0].id)
    assert not cast.actor("administrator").holds({"administrator"})


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_remove_each_other() -> None:
    ids = []
    for n in (1, 2):
        made = actions.create_account(actor=SYSTEM, username=f"boss{n}", display_name=f"管理{n}")
        actions.give_post(actor=SYSTEM, account_id=made.id, kind="administrator", division="110102")
        ids.append(made.id)
    actors = [queries.actor_for(i) for i in ids]
    gate, results = threading.Barrier(2), []

    def remove(by: Actor, whom: Actor) -> None:
        gate.wait()
        try:
            actions.end_post(actor=by, post_id=whom.posts[0].id)
            results.append("ended")
        except Conflict as refusal:
            results.append(refusal.code)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in (actors, actors[::-1])]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(results) == ["ended", "last_administrator"]


def test_demonstration_accounts_do_not_count_or_enter_outside_demonstration(cast: Cast, settings) -> None:
    Account.objects.filter(username="administrator").update(is_demonstration=True)
    settings.DEMONSTRATION = False
    assert cast.actor("administrator") == RESIDENT
    settings.DEMONSTRATION = True
    assert cast.actor("administrator").holds({"administrator"})


def test_only_an_administrator_administers(cast: Cast) -> None:
    boss = cast.actor("administrator")
    as_program = Actor("token", boss.id, boss.name, boss.posts)
    for actor in (cast.actor("operator"), cast.actor("auditor"), RESIDENT, as_program):
        with pytest.raises(Forbidden):
            actions.create_account(actor=actor, username="x1", display_name="某人")
        with pytest.raises(Forbidden):
            actions.give_post(actor=actor, account_id=boss.id, kind="auditor", division="110102")
        with pytest.raises(Forbidden):
            queries.accounts(actor=actor)
    with pytest.raises(Forbidden):
        actions.create_staff(actor=boss, people=[], valid_from=clock.now())


def test_every_change_leaves_a_line_without_secrets(cast: Cast) -> None:
    boss = cast.actor("administrator")
    made = actions.create_account(actor=boss, username="New.Person", display_name=" 新  人 ")
    actions.rename_account(actor=boss, account_id=made.id, display_name="新人甲")
    reset = actions.reset_password(actor=boss, account_id=made.id)
    post = actions.give_post(actor=boss, account_id=made.id, kind="auditor", division="110102")
    actions.end_post(actor=boss, post_id=post)
    token = actions.create_token(actor=boss, account_id=made.id, name="试", scopes=["auditor"], days=3)
    actions.revoke_token(actor=boss, token_id=token.id)
    actions.set_active(actor=boss, account_id=made.id, active=False)
    actions.set_active(actor=boss, account_id=made.id, active=True)
    lines = list(Audit.objects.filter(target=f"account:{made.id}").order_by("id"))
    assert [x.verb for x in lines] == [
        "create_account", "rename_account", "reset_password", "give_post", "end_post",
        "create_token", "revoke_token", "disable_account", "enable_account",
    ]  # fmt: skip
    assert {x.actor for x in lines} == {f"person:{boss.id}"}
    text = " ".join(x.body for x in lines)
    assert all(s not in text for s in (made.secret, reset.secret, token.secret, "新人"))
    assert json.loads(lines[3].body) == {"post": "auditor", "division": "110102", "body": ""}
    shown = queries.audit(actor=cast.actor("auditor"), limit=3)
    assert shown[0].actor_name == boss.name and shown[0].target_name == "新人甲"
    with pytest.raises(TypeError):
        lines[0].save()
    with pytest.raises(TypeError):
        Audit.objects.all().delete()
    with pytest.raises(TypeError):
        Audit.objects.update(body="")


@pytest.mark.parametrize("username", ["", "x", "a b", "王", "-a", "a" * 33, "a\x00b", "a/../b"])
def test_bad_usernames(db: None, username: str) -> None:
    with pytest.raises(Invalid) as refusal:
        actions.create_account(actor=SYSTEM, username=username, display_name="某人")
    assert "username" in refusal.value.fields


@pytest.mark.parametrize("name", ["", "  ", "长" * 65, "甲\u202e乙", "甲\x00"])
def test_bad_names(db: None, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        actions.create_account(actor=SYSTEM, username="someone", display_name=name)
    assert "display_name" in refusal.value.fields


def test_usernames_are_unique_whatever_their_case(db: None) -> None:
    actions.create_account(actor=SYSTEM, username="someone", display_name="甲")
    with pytest.raises(Conflict):
        actions.create_account(actor=SYSTEM, username="SomeOne", display_name="乙")
    with pytest.raises(Missing):
        actions.set_active(actor=SYSTEM, account_id=10**14, active=False)


def test_weak_passwords(db: None) -> None:
    for weak in ("short1", "password123", "1234567890"):
        with pytest.raises(Invalid) as refusal:
            actions.create_account(actor=SYSTEM, username="someone", display_name="甲", password=weak)
        assert refusal.value.fields["password"]


@pytest.mark.parametrize("wrong", [{"kind": "mayor"}, {"division": "1"}, {"valid_to": "before"}])
def test_the_database_holds_the_invariants(db: None, wrong: dict[str, object]) -> None:
    made = actions.create_account(actor=SYSTEM, username="someone", display_name="甲")
    now = clock.now()
    if wrong.get("valid_to"):
        wrong = {"valid_to": now.replace(year=2000)}
    row = {"account_id": made.id, "kind": "auditor", "division": "110102", "valid_from": now, **wrong}
    with pytest.raises(IntegrityError), transaction.atomic():
        PostHeld.objects.create(**row)


def test_the_database_refuses_the_same_post_twice(db: None) -> None:
    made = actions.create_account(actor=SYSTEM, username="someone", display_name="甲")
    row = {"account_id": made.id, "kind": "auditor", "division": "110102", "valid_from": clock.now()}
    PostHeld.objects.create(**row)
    with pytest.raises(IntegrityError), transaction.atomic():
        PostHeld.objects.create(**row)
