"""Drafts of types: whoever drops one while another publishes it is told so, and what is in force stays."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections, transaction

from linli.core.actor import SYSTEM
from linli.core.errors import Conflict
from linli.flow import actions
from linli.flow.models import TypeVersion

pytestmark = pytest.mark.django_db(transaction=True)


def draft() -> TypeVersion:
    return actions.draft_type(actor=SYSTEM, kind="case", code="0199", variant={})


def test_a_draft_is_dropped_once() -> None:
    made = draft()
    actions.drop_draft_type(actor=SYSTEM, id=made.pk)
    assert not TypeVersion.objects.filter(pk=made.pk).exists()
    with pytest.raises(Conflict):
        actions.drop_draft_type(actor=SYSTEM, id=made.pk)


def test_what_was_published_meanwhile_is_not_dropped() -> None:
    """The other has begun and holds the row; on PostgreSQL it is still a draft to whoever reads without asking for it."""
    made, said = draft(), []
    trying = threading.Event()

    def drop() -> None:
        try:
            with connection.execute_wrapper(lambda execute, *more: trying.set() or execute(*more)):
                actions.drop_draft_type(actor=SYSTEM, id=made.pk)
            said.append("dropped")
        except Conflict as refusal:
            said.append(refusal.code)
        finally:
            connections.close_all()

    other = threading.Thread(target=drop)
    with transaction.atomic():
        actions.publish_draft_type(actor=SYSTEM, id=made.pk)
        other.start()
        if connection.vendor == "postgresql":
            trying.wait(600)  # SQLite lets nobody begin to write before the end of this
        other.join(0.5)
        assert other.is_alive() and said == []
    other.join(600)
    assert said == ["no_draft_now"]
    assert TypeVersion.objects.get(pk=made.pk).state == "published"
