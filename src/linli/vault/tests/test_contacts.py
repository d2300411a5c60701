"""Contacts: one insert, sealed at rest, read only through the log, erased on time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction

from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM, Actor
from linli.core.decision import YES, no
from linli.core.errors import Forbidden, Invalid, Missing
from linli.vault import actions, jobs, keys, queries
from linli.vault.models import Contact, ReadLog

VERIFIER = Actor("person", 7, "核查员")
pytestmark = pytest.mark.django_db


def keep(subject: str = "case:1", **over: object) -> int:
    given = {
        "actor": RESIDENT,
        "subject": subject,
        "purpose": "case_contact",
        "phone": "138 1234 5678",
        "name": "王女士",
        "consent": "case_contact-1",
        "keep_days": 90,
    }
    return actions.keep_contact(**{**given, **over})


def test_one_insert_and_nothing_in_the_clear(django_assert_num_queries) -> None:
    keys.prepare()
    with django_assert_num_queries(1) as seen:
        pk = keep()
    assert seen.captured_queries[0]["sql"].startswith("INSERT")
    row = Contact.objects.get(pk=pk)
    assert b"13812345678" not in bytes(row.sealed) and "王女士".encode() not in bytes(row.sealed)
    assert row.kept_by == "resident"
    assert row.erase_at == row.kept_at + timedelta(days=90)
    assert queries.contact_known(pk) and not queries.contact_known(None) and not queries.contact_known(0)


def test_keeping_is_cheap() -> None:
    keep()
    began, count = time.process_time(), 200
    for n in range(count):
        keep(f"case:{n}")
    each_ms = (time.process_time() - began) * 1000 / count
    assert each_ms < 2, f"{each_ms:.2f} ms CPU"  # 0.5 ms is the aim; the test leaves room for a loaded machine


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"phone": "12"}, "bad_phone"),
        ({"phone": ""}, "bad_phone"),
        ({"name": "a\x00"}, "bad_name"),
        ({"consent": "invented"}, "unknown_consent"),
        ({"keep_days": 0}, "bad_retention"),
        ({"keep_days": 10**9}, "bad_retention"),
    ],
)
def test_bad_input_keeps_nothing(over: dict[str, object], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        keep(**over)
    assert refusal.value.code == code
    assert not Contact.objects.exists()


def test_reading_is_logged_then_shown() -> None:
    pk = keep()
    seen = actions.read_contact(actor=VERIFIER, contact_id=pk, reason=" 回访\n居民 ", allowed=YES)
    assert (seen.phone, seen.name) == ("13812345678", "王女士")
    line = ReadLog.objects.get()
    assert (line.actor, line.contact_id, line.subject, line.purpose, line.reason) == (
        "person:7",
        pk,
        "case:1",
        "case_contact",
        "回访 居民",
    )


def test_a_refused_reading_shows_nothing_and_logs_nothing() -> None:
    pk = keep()
    with pytest.raises(Forbidden) as refusal:
        actions.read_contact(actor=VERIFIER, contact_id=pk, reason="x", allowed=no("not_yours", "不是您办理的事项。"))
    assert refusal.value.code == "not_yours"
    for reason in ("", "  \x00 ", "长" * 201):
        with pytest.raises(Invalid):
            actions.read_contact(actor=VERIFIER, contact_id=pk, reason=reason, allowed=YES)
    with pytest.raises(Missing):
        actions.read_contact(actor=VERIFIER, contact_id=pk + 1, reason="x", allowed=YES)
    assert not ReadLog.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_reading_cannot_be_rolled_back_by_its_caller() -> None:
    pk = keep()
    with pytest.raises(RuntimeError), transaction.atomic():
        actions.read_contact(actor=VERIFIER, contact_id=pk, reason="回访", allowed=YES)
    assert not ReadLog.objects.exists()


def test_a_row_moved_to_another_subject_does_not_open() -> None:
    pk = keep()
    Contact.objects.filter(pk=pk).update(subject="case:2")
    with pytest.raises(keys.KeyTrouble):
        actions.read_contact(actor=VERIFIER, contact_id=pk, reason="回访", allowed=YES)


def test_erasing_a_subject_leaves_a_trace_and_no_words() -> None:
    pk, other = keep(), keep("case:10")
    assert actions.erase_subject(actor=VERIFIER, subject="case:1", why="asked") == 1
    assert actions.erase_subject(actor=VERIFIER, subject="case:1", why="asked") == 0
    row = Contact.objects.get(pk=pk)
    assert (row.sealed, row.erased_by, row.erased_why) == (None, "person:7", "asked")
    assert not queries.contact_known(pk) and queries.contact_known(other)
    with pytest.raises(Missing):
        actions.read_contact(actor=VERIFIER, contact_id=pk, reason="回访", allowed=YES)
    with pytest.raises(Missing):
        actions.set_expiry(actor=VERIFIER, contact_id=pk, erase_at=clock.now())


def test_expiry_erases_on_time_and_not_before(monkeypatch) -> None:
    monkeypatch.setattr(actions, "BATCH", 2)
    start = datetime(2026, 11, 1, tzinfo=UTC)
    with clock.at(start, actor=SYSTEM):
        pks = [keep(f"case:{n}", keep_days=10) for n in range(5)]
        kept = keep("case:9", keep_days=11)
    actions.set_expiry(actor=SYSTEM, contact_id=pks[0], erase_at=start + timedelta(days=400))
    with pytest.raises(Invalid):
        actions.set_expiry(actor=SYSTEM, contact_id=pks[0], erase_at=start - timedelta(days=1))
    assert actions.erase_expired(now=start + timedelta(days=10, seconds=-1)) == 0
    assert actions.erase_expired(now=start + timedelta(days=10)) == 4
    assert actions.erase_expired(now=start + timedelta(days=10)) == 0
    assert queries.contact_known(kept) and queries.contact_known(pks[0]) and not queries.contact_known(pks[1])


def test_the_database_refuses_half_an_erasure() -> None:
    pk = keep()
    for change in ({"sealed": None}, {"erased_at": clock.now()}, {"erase_at": datetime(2000, 1, 1, tzinfo=UTC)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Contact.objects.filter(pk=pk).update(**change)


def test_old_readings_are_forgotten() -> None:
    pk = keep()
    start = datetime(2020, 1, 1, tzinfo=UTC)
    with clock.at(start, actor=SYSTEM):
        actions.read_contact(actor=VERIFIER, contact_id=pk, reason="回访", allowed=YES)
    actions.read_contact(actor=VERIFIER, contact_id=pk, reason="回访", allowed=YES)
    assert actions.forget_readings(before=start + timedelta(days=1)) == 1
    assert ReadLog.objects.count() == 1


def test_rotation_then_resealing(tmp_path, settings) -> None:
    settings.KEYS = tmp_path
    pks = [keep(f"case:{n}") for n in range(3)]
    actions.erase_subject(actor=SYSTEM, subject="case:2", why="asked")
    with pytest.raises(Forbidden):
        actions.rotate_key(actor=VERIFIER, purpose="contact")
    assert actions.rotate_key(actor=SYSTEM, purpose="contact") == 2
    assert actions.read_contact(actor=VERIFIER, contact_id=pks[0], reason="回访", allowed=YES).phone == "13812345678"
    with pytest.raises(Forbidden):
        actions.reseal_contacts(actor=VERIFIER)
    assert [actions.reseal_contacts(actor=SYSTEM, batch=1) for _ in range(3)] == [1, 1, 0]
    assert set(Contact.objects.filter(erased_at=None).values_list("key_number", flat=True)) == {2}
    (tmp_path / "contact.k1").unlink()
    keys._ring_of.cache_clear()
    assert actions.read_contact(actor=VERIFIER, contact_id=pks[1], reason="回访", allowed=YES).name == "王女士"


def test_consents_are_whole_and_told_in_two_languages() -> None:
    for purpose in ("case_contact", "case_contact_spoken"):
        text = queries.consent_for(purpose)
        assert text.zh and text.en and text.provenance and text.version.startswith(purpose)
        assert queries.consent(text.version) is text
        assert (text.text("zh-hans"), text.text("en")) == (text.zh, text.en)
    with pytest.raises(KeyError):
        queries.consent_for("everything")


def test_sqlite_overwrites_what_is_erased() -> None:
    keep()
    actions.erase_expired(now=clock.now())
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_the_sweep_keeps_what_the_register_promises() -> None:
    now = clock.now()
    with clock.at(now - timedelta(days=3 * 365 + 1), actor=SYSTEM):
        pk = keep(keep_days=3000, consent="case_contact-1")
        actions.read_contact(actor=VERIFIER, contact_id=pk, reason="回访", allowed=YES)
        keep("case:2", consent="case_contact-1")
    actions.read_contact(actor=VERIFIER, contact_id=pk, reason="回访", allowed=YES)
    for days in (31, 29):
        attempt = AccessAttempt.objects.create(username=f"x{days}", ip_address="192.0.2.1", failures_since_start=1)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=now - timedelta(days=days))
    for hours in (-1, 1):
        Session.objects.create(session_key=f"k{hours}", session_data="", expire_date=now + timedelta(hours=hours))
    assert jobs.sweep(now=now) == {"contacts": 1, "readings": 1, "failed_sign_ins": 1, "sessions": 1}
    assert jobs.sweep(now=now) == {"contacts": 0, "readings": 0, "failed_sign_ins": 0, "sessions": 0}


def test_resealing_all_tells_how_far_it_is(tmp_path, settings, monkeypatch) -> None:
    settings.KEYS = tmp_path
    monkeypatch.setattr(actions.reseal_contacts, "__kwdefaults__", {"batch": 2})
    for n in range(5):
        keep(f"case:{n}")
    actions.rotate_key(actor=SYSTEM, purpose="contact")
    heard: list[int] = []
    assert jobs.reseal(progress=heard.append) == 5
    assert heard == [2, 4, 5]
