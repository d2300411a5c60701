"""Pytest fixtures that every room shares: the cast, and caches that forget between tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from linli.accounts import queries as account_queries
from linli.core.actor import SYSTEM, Actor
from linli.knowledge import shelf as knowledge_shelf
from linli.organisations import queries as organisation_queries
from linli.response import actions as response_actions
from linli.response import catalogue as response_catalogue
from linli.response import picture as response_picture
from linli.response.queries import routing as response_routing
from linli.territory import actions as territory_actions
from linli.territory import queries as territory_queries

from . import cast as people
from .ground import ground


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before any fixture of the test: does it stand on the shared ground?"""
    ground.turn(item)


def pytest_sessionfinish() -> None:
    ground.lift()


@pytest.fixture(autouse=True)
def fresh_copies() -> Iterator[None]:
    """A test's rows are rolled back; what the process remembered of them must go too."""
    knowledge_shelf.forget_everything()
    account_queries.forget()
    organisation_queries.forget()
    territory_queries.forget()
    response_picture.forget()
    response_routing.forget()
    yield
    account_queries.forget()
    organisation_queries.forget()
    territory_queries.forget()
    response_routing.forget()


class Cast:
    """The named people, ready to act or to sign in."""

    def actor(self, username: str) -> Actor:
        return people.actor(username)

    def id(self, username: str) -> int:
        return account_queries.usernames([username])[username]

    def client(self, username: str) -> Client:
        """A browser in which this person is signed in."""
        client = Client()
        account = account_queries.account(actor=SYSTEM, account_id=self.id(username))
        assert account is not None, username
        client.force_login(account)
        return client


@pytest.fixture
def cast(db: None) -> Cast:
    """Bodies of the pack and the named cast, able to enter, without passwords."""
    if not ground.laid:
        load_cast()
    return Cast()


def load_cast() -> None:
    people.load_pack_bodies()
    people.create_cast(actor=SYSTEM, passwords=False, demonstration=False)


@pytest.fixture(scope="session")
def xicheng_once(django_db_setup: None, django_db_blocker: Any) -> None:
    """The Xicheng pack without its map background, committed once: tests that roll back keep it."""
    with django_db_blocker.unblock():
        territory_actions.load_pack(actor=SYSTEM, folder=settings.PACK, with_tiles=False)
    ground.ready(django_db_blocker, load_everything)


@pytest.fixture
def xicheng(xicheng_once: None, db: None) -> None:
    """The real territory. A test that flushes the database takes it away, so it is loaded again if need be."""
    if not ground.laid:
        load_territory()


def load_territory() -> None:
    territory_queries.forget()
    if not territory_queries.is_loaded():
        territory_actions.load_pack(actor=SYSTEM, folder=settings.PACK, with_tiles=False)


@pytest.fixture
def district(xicheng: None, cast: Cast) -> Iterator[Cast]:
    """The whole ground of a case: territory, bodies, cast, classes, limits and routes."""
    if not ground.laid:
        load_catalogue()
    response_catalogue.forget()
    yield cast
    response_catalogue.forget()


def load_catalogue() -> None:
    response_catalogue.forget()
    response_actions.load_catalogue(actor=SYSTEM)
    response_actions.load_routes(actor=SYSTEM, text=(settings.PACK / "routes.csv").read_text(encoding="utf-8"))


def load_everything() -> None:
    """All that `district` promises, from nothing."""
    for forget in (account_queries.forget, organisation_queries.forget, response_routing.forget):
        forget()
    load_territory()
    load_cast()
    load_catalogue()
