"""A temporary password opens the page where it is changed and nothing else, over every address of the house."""

from __future__ import annotations

import uuid
from itertools import product

import pytest
from django.test import Client
from django.urls import NoReverseMatch

from linli.accounts.middleware import OPEN_TO_TEMPORARY
from linli.accounts.models import Account
from linli.testing.fixtures import Cast
from tests.addresses import Address, every_address

pytestmark = pytest.mark.django_db
CHANGE = "/me/password/"
SAMPLES = {
    "number": "XC-1",
    "code": "0" * 20,
    "territory:grid.code": "110102018001001",
    "verb": "sign",
    "revision": "none",
    "key": "0" * 32,
    "size": "small",
    "layer": "community",
    "id": uuid.UUID(int=7),
    "division": "110102018",
    "kind": "svg",
}
ADDRESSES = every_address()


def sample(address: Address) -> str:
    """The address with whatever values it takes: a closed address does not look at them."""
    for values in product(*([SAMPLES.get(part), 9, "x"] for part in address.parts)):
        try:
            return address.path(dict(zip(address.parts, values, strict=True)))
        except (NoReverseMatch, AssertionError):
            continue
    raise AssertionError(f"no sample fits {address.name}: add one")


@pytest.fixture
def newcomer(cast: Cast) -> Client:
    """The administrator, whose password another one has just set."""
    Account.objects.filter(username="administrator").update(must_change_password=True)
    return cast.client("administrator")


@pytest.mark.once
def test_every_page_leads_to_the_change_and_whatever_is_sent_is_refused(newcomer: Client) -> None:
    wrong = []
    for address in ADDRESSES:
        if address.name in OPEN_TO_TEMPORARY:
            continue
        path = sample(address)
        page, sent = newcomer.get(path), newcomer.post(path, {})
        if not path.startswith("/api/") and (page.status_code, page.headers.get("Location")) != (302, CHANGE):
            wrong.append(f"GET {path}: {page.status_code}")
        if path.startswith("/api/") and page.status_code not in (403, 405):
            wrong.append(f"GET {path}: {page.status_code}")
        # What a session sends under /api/ is nobody's anyway: it would need a token.
        closed = {Client().post(path, {}).status_code} if path.startswith("/api/") else {403, 405}
        if sent.status_code not in closed:
            wrong.append(f"POST {path}: {sent.status_code}")
        asked = newcomer.get(path, headers={"accept": "application/json"})
        if asked.status_code != 403 or asked.json()["code"] != "change_password":
            wrong.append(f"GET {path} as a script: {asked.status_code}")
    assert not wrong


def test_the_open_addresses_are_there_and_answer(newcomer: Client) -> None:
    assert {a.name for a in ADDRESSES} >= OPEN_TO_TEMPORARY
    assert newcomer.get(CHANGE).status_code == 200
    assert newcomer.get("/healthz").status_code in (200, 503)
    assert newcomer.post("/logout/").status_code == 302
    assert newcomer.get("/me/").url.startswith("/login/")  # type: ignore[attr-defined]


def test_a_fragment_leads_the_whole_page_there(newcomer: Client) -> None:
    answer = newcomer.get("/cases/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, CHANGE)


def test_nobody_signed_in_costs_no_question(client: Client, db: None, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    client.get("/login/")
    with django_assert_num_queries(0):
        assert client.get("/login/").status_code == 200


def test_the_changed_password_opens_the_house(newcomer: Client) -> None:
    account = Account.objects.get(username="administrator")
    account.set_password("the-temporary-one")
    account.save()
    browser = Client()
    browser.post("/login/", {"username": "administrator", "password": "the-temporary-one"})
    assert browser.get("/settings/accounts/").headers["Location"] == CHANGE
    said = {"old": "the-temporary-one", "new": "a-long-new-one", "again": "a-long-new-one"}
    assert browser.post(CHANGE, said).headers["Location"] == "/me/"
    assert browser.get("/settings/accounts/").status_code == 200
