"""A thief of the database opens no session, and sessions go on and end as ever."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db


def test_the_table_does_not_hold_what_the_cookie_holds(cast: Cast) -> None:
    browser = cast.client("operator")
    secret = browser.cookies["sessionid"].value
    assert browser.get("/me/").status_code == 200
    stolen = Session.objects.get().session_key
    assert stolen != secret and len(stolen) == 40
    thief = Client()
    thief.cookies["sessionid"] = stolen
    assert thief.get("/me/").status_code == 302


def test_signing_out_ends_the_session_in_the_table(cast: Cast) -> None:
    browser = cast.client("operator")
    again = Client()
    again.cookies["sessionid"] = browser.cookies["sessionid"].value
    assert again.get("/me/").status_code == 200
    browser.post("/logout/")
    assert not Session.objects.exists() and again.get("/me/").status_code == 302


def test_a_key_that_nobody_gave_out_is_not_adopted(cast: Cast) -> None:
    fixed = "a" * 32
    browser = Client()
    browser.cookies["sessionid"] = fixed
    browser.get("/login/")
    session = browser.session
    session["x"] = 1
    session.save()
    assert browser.cookies["sessionid"].value != fixed or session.session_key != fixed
