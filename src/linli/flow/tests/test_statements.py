"""The statements that are built once write and read what the ORM would, are counted, and outlive their connection."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import gettext_lazy

from linli.core import clock
from linli.flow.models import Journal, Matter
from linli.flow.statements import fetch, insert, rows, swap
from linli.site.statements import cursor
from linli.vault.models import Contact


class Word(models.TextChoices):
    CASE = "case", "案件"


def matter(**more) -> Matter:  # type: ignore[no-untyped-def]
    now = clock.now()
    values = {"kind": "case", "title": "暴露垃圾", "stage": "reported", "head": "0" * 64, "area": "110102001", "opened_at": now,
              "stage_started_at": now, "due_at": now + timedelta(hours=2), **more}  # fmt: skip
    return Matter(**values)


def line(of: Matter, seq: int = 1) -> Journal:
    made = Journal(matter=of, seq=seq, verb="report", actor="system", at=clock.now(), body="{}", hash="0" * 64)
    insert(made)
    return made


def prepared() -> set[str]:
    """The texts that this connection's server has prepared."""
    with connection.cursor() as c:
        c.execute("SELECT statement FROM pg_prepared_statements")
        return {row[0] for row in c.fetchall()}


on_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite prepares by itself")


@pytest.mark.django_db
def test_an_inserted_row_reads_back_as_it_was_made() -> None:
    made = matter(client_key="k", simulated=True, version=7)
    assert insert(made, unless="client_key")
    read = Matter.objects.get(pk=made.pk)
    assert {f.attname: getattr(read, f.attname) for f in Matter._meta.concrete_fields} == {
        f.attname: getattr(made, f.attname) for f in Matter._meta.concrete_fields
    }
    assert not insert(matter(client_key="k"), unless="client_key") and Matter.objects.count() == 1


@pytest.mark.django_db
def test_a_value_of_another_type_is_prepared_by_its_field() -> None:
    made = matter(kind=Word.CASE, title=gettext_lazy("暴露垃圾"), simulated=1, version="3", key=uuid.UUID(int=5).hex)
    insert(made)
    read = Matter.objects.get(pk=made.pk)
    assert (read.kind, read.title, read.simulated, read.version, read.key) == ("case", "暴露垃圾", True, 3, uuid.UUID(int=5))  # fmt: skip
    assert type(read.kind) is str


@pytest.mark.django_db
def test_bytes_and_the_clock_go_into_a_contact_as_they_are() -> None:
    now = clock.now()
    row = Contact(subject="case:1", purpose="p", sealed=b"\0\xff'%s", key_number=1, consent="c", kept_by="system", kept_at=now, erase_at=now)  # fmt: skip
    insert(row)
    read = Contact.objects.get(pk=row.pk)
    assert (bytes(read.sealed or b""), read.kept_at, read.erased_at) == (b"\0\xff'%s", now, None)


@pytest.mark.django_db
def test_a_swap_changes_only_the_row_that_was_seen() -> None:
    made = matter()
    insert(made)
    assert swap(Matter, {"version": 2, "due_at": None, "stage": "accepted"}, id=made.pk, version=1)
    assert not swap(Matter, {"version": 3}, id=made.pk, version=1)
    made.refresh_from_db()
    assert (made.version, made.due_at, made.stage) == (2, None, "accepted")


@pytest.mark.django_db
def test_a_fetched_pair_is_what_select_related_reads(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    made = matter(simulated=True)
    insert(made)
    written = line(made)
    with django_assert_num_queries(1):
        fetched = fetch(Journal, written.pk, follow="matter")
        assert fetched is not None
        pair = (fetched, fetched.matter)
    wanted = Journal.objects.select_related("matter").get(pk=written.pk)
    for got, read in zip(pair, (wanted, wanted.matter), strict=True):
        assert got == read and got._state.db == read._state.db and not got._state.adding
        for f in read._meta.concrete_fields:
            assert getattr(got, f.attname) == getattr(read, f.attname), f.name
            assert type(getattr(got, f.attname)) is type(getattr(read, f.attname)), f.name
    assert fetch(Journal, 1 << 40, follow="matter") is None


@pytest.mark.django_db
def test_rows_are_what_the_orm_reads() -> None:
    insert(matter(simulated=True))
    insert(matter(due_at=None))
    columns = ("id", "title", "simulated", "version", "type_version_id", "opened_at", "due_at")
    wanted = Matter.objects.order_by("id").values_list(*columns)
    found = rows(wanted)
    assert found == list(wanted) and len(found) == 2
    assert [[type(v) for v in row] for row in found] == [[type(v) for v in row] for row in wanted]
    assert all(row[5].utcoffset() == timedelta(0) for row in found)
    with CaptureQueriesContext(connection) as captured:
        rows(wanted)
    assert len(captured) == 1
    assert rows(wanted.filter(id__in=[])) == []
    with pytest.raises(TypeError, match="UUIDField"):
        rows(Matter.objects.values_list("id", "key"))


@pytest.mark.django_db
def test_every_statement_is_counted_and_passes_the_wrappers() -> None:
    seen: list[str] = []

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        seen.append(sql.split()[0])
        return execute(sql, params, many, context)

    made = matter()
    with CaptureQueriesContext(connection) as captured, connection.execute_wrapper(note):
        insert(made)
        swap(Matter, {"version": 2}, id=made.pk, version=1)
        written = line(made)
        fetch(Journal, written.pk, follow="matter")
        fetch(Journal, written.pk, follow="matter")
    assert seen == ["INSERT", "UPDATE", "INSERT", "SELECT", "SELECT"]
    assert [q["sql"].split()[0] for q in captured.captured_queries] == seen


@pytest.mark.django_db(transaction=True)
def test_prepared_statements_do_not_outlive_their_connection() -> None:
    insert(matter())
    connection.close()
    made = matter()
    insert(made)  # a name of the old connection would be refused here
    connection.close()
    assert swap(Matter, {"version": 2}, id=made.pk, version=1)


@pytest.mark.django_db(transaction=True)
def test_a_refused_row_leaves_the_statements_usable() -> None:
    first = matter()
    insert(first)
    for _ in range(3):
        with pytest.raises(IntegrityError), transaction.atomic():
            insert(matter())
            insert(matter(key=first.key))
        with transaction.atomic():
            insert(matter())
    assert Matter.objects.count() == 4


@on_postgresql
@pytest.mark.django_db
def test_postgresql_prepares_a_statement_once() -> None:
    for _ in range(3):
        insert(matter())
    found = [text for text in prepared() if "flow_matter" in text]
    assert len(found) == 1 and found[0].startswith("INSERT")
    Matter.objects.filter(version=1).count()  # the ORM's own texts vary: they are never prepared
    assert len([text for text in prepared() if "flow_matter" in text]) == 1


@on_postgresql
@pytest.mark.django_db
def test_a_pooler_gets_no_prepared_statements_when_told() -> None:
    connection.ensure_connection()
    inner = connection.connection
    assert inner is not None and inner.prepare_threshold is not None
    before, was = prepared(), inner.prepare_threshold
    inner.prepare_threshold = None
    try:
        with cursor() as c:
            c.execute("SELECT 40 + %s", [2])
            assert c.fetchone() == (42,)
        assert prepared() == before
    finally:
        inner.prepare_threshold = was
