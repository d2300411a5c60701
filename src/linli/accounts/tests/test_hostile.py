"""What outlives a demonstration, and what a temporary password may open."""

from __future__ import annotations

import pytest
from django.test import Client

from linli.accounts import actions, queries
from linli.accounts.models import Account
from linli.core.actor import SYSTEM
from linli.core.errors import Invalid
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db


def test_an_account_made_by_a_demonstration_account_ends_with_the_demonstration(cast: Cast, settings) -> None:  # type: ignore[no-untyped-def]
    settings.DEMONSTRATION = True
    Account.objects.filter(username="administrator").update(is_demonstration=True)
    made = actions.create_account(actor=cast.actor("administrator"), username="back-door", display_name="后门")
    real = actions.create_account(actor=SYSTEM, username="real", display_name="真人")
    assert queries.actor_for(made.id).kind == queries.actor_for(real.id).kind == "person"
    browser = Client()
    browser.post("/login/", {"username": "back-door", "password": made.secret})
    assert browser.get("/me/password/").status_code == 200
    settings.DEMONSTRATION = False
    assert queries.actor_for(made.id).kind == "resident" and queries.actor_for(real.id).kind == "person"
    assert browser.get("/me/password/").status_code == 302


def test_a_temporary_password_reads_nothing_through_the_interface(cast: Cast) -> None:
    Account.objects.filter(username="operator").update(must_change_password=True)
    answer = cast.client("operator").get("/api/v1/cases")
    assert answer.status_code == 403 and answer.json()["code"] == "change_password"


def test_a_telephone_number_is_no_password(cast: Cast) -> None:
    with pytest.raises(Invalid):
        actions.create_account(actor=SYSTEM, username="somebody", display_name="某人", password="13861700923")
