"""The journal: one line per move, provable, erasable, and honest about who was first."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from django.db import connection, transaction

from linli.core import clock
from linli.core.actor import Actor
from linli.core.canonical import canonical
from linli.core.decision import YES, no
from linli.core.errors import Conflict, Forbidden
from linli.flow import actions, chain, queries, relay, seals
from linli.flow.models import Cursor, Journal, Matter, Outbox, Seal, Sealed
from linli.vault import keys

from .test_rules import toy

CLERK = Actor("person", 1, "甲")
OTHER = Actor("person", 2, "乙")
FLOW = toy()


@pytest.fixture(autouse=True)
def _own_seals(settings, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    settings.SEALS = tmp_path


def opened(title: str = "暴露垃圾", **more) -> Matter:  # type: ignore[no-untyped-def]
    with transaction.atomic():
        return actions.open_matter(
            actor=CLERK,
            flow=FLOW,
            verb="report",
            title=title,
            where=actions.Where(area="110102001"),
            due=actions.DueTimes(),
            facts={"n": 1},
            personal={"description": "门口有垃圾"},
            **more,
        )


def moved(matter: Matter, verb: str, actor: Actor = CLERK, **more) -> Journal:  # type: ignore[no-untyped-def]
    with transaction.atomic():
        return actions.move(
            actor=actor, matter=matter, version=matter.version, verb=verb, flow=FLOW, allowed=YES, facts={}, **more
        )


@pytest.mark.django_db
def test_a_move_writes_one_line_and_one_announcement(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    matter = opened()
    with django_assert_num_queries(5):  # savepoint, update, journal, outbox, release
        moved(matter, "take")
    matter.refresh_from_db()
    assert (matter.stage, matter.version, matter.seq) == ("work", 2, 2)
    assert Outbox.objects.filter(matter=matter).count() == 2
    assert [line.verb for line in queries.history(matter, FLOW, personal=True)] == ["report", "take"]


@pytest.mark.django_db
def test_free_text_is_not_in_the_clear_anywhere() -> None:
    matter = opened()
    moved(matter, "take", personal={"note": "找王师傅"})
    for row in Journal.objects.all():
        assert "门口" not in row.body and "王师傅" not in row.body
    assert all("门口".encode() not in bytes(s.ciphertext) for s in Sealed.objects.all())
    assert queries.history(matter, FLOW, personal=True)[0].personal == {"description": "门口有垃圾"}
    assert queries.history(matter, FLOW, personal=False)[0].personal == {}


@pytest.mark.django_db
def test_two_people_one_is_told_who_was_first() -> None:
    mine, theirs = opened(), None
    theirs = Matter.objects.get(pk=mine.pk)
    moved(mine, "take")
    with pytest.raises(Conflict) as too_late:
        moved(theirs, "skip", actor=OTHER)
    assert too_late.value.code == "moved_meanwhile"
    assert too_late.value.details["first"] == "person:1" and too_late.value.details["verb"] == "take"
    assert Journal.objects.filter(matter=mine).count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_one_succeeds() -> None:
    matter = opened()
    results: list[str] = []

    def press(n: int) -> None:
        try:
            moved(Matter.objects.get(pk=matter.pk), "take", actor=Actor("person", n))
            results.append("done")
        except Conflict as refused:
            results.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(n,)) for n in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results.count("done") == 1 and len(results) == 8
    assert Journal.objects.filter(matter=matter, verb="take").count() == 1
    assert seals.verify().holds


@pytest.mark.django_db
def test_a_refused_move_writes_nothing() -> None:
    matter = opened()
    with pytest.raises(Forbidden), transaction.atomic():
        actions.move(
            actor=CLERK,
            matter=matter,
            version=1,
            verb="take",
            flow=FLOW,
            allowed=no("not_yours", "不是您的事"),
            facts={},
        )
    assert Journal.objects.count() == 1


@pytest.mark.django_db
def test_the_same_client_key_opens_once() -> None:
    first = opened(client_key="resident/abc")
    with pytest.raises(actions.AlreadyOpened) as again:
        opened(client_key="resident/abc")
    assert again.value.matter_id == first.pk and Matter.objects.count() == 1


@pytest.mark.django_db
def test_the_proof_names_the_first_broken_line() -> None:
    first, second = opened(), opened()
    moved(first, "take")
    moved(second, "take")
    assert seals.verify() == seals.Proof(2, 4, 0, None)
    line = Journal.objects.get(matter=second, seq=2)
    Journal.objects.filter(pk=line.pk).update(body=line.body.replace('"take"', '"skip"'))
    broken = seals.verify().broken
    assert broken is not None and (broken.matter_id, broken.seq) == (second.pk, 2)
    Journal.objects.filter(pk=line.pk).update(body=line.body, actor="person:9")
    assert seals.verify().broken is not None
    Journal.objects.filter(pk=line.pk).update(actor=line.actor)
    assert seals.verify().holds
    Matter.objects.filter(pk=first.pk).update(stage="done")
    assert (seals.verify().broken or pytest.fail("unseen")).matter_id == first.pk


@pytest.mark.django_db
def test_erasing_a_text_leaves_the_chain_provable() -> None:
    matter = opened()
    assert actions.erase_sealed(actor=CLERK, matter=matter, why="retention") == 1
    history = queries.history(matter, FLOW, personal=True)
    assert history[0].erased and history[0].personal == {} and history[1].verb == "erase"
    assert seals.verify().holds
    assert Sealed.objects.get().salt is None


@pytest.mark.django_db
def test_a_changed_sealed_text_shows() -> None:
    one, two = opened(), opened()
    a, b = Sealed.objects.get(journal__matter=one), Sealed.objects.get(journal__matter=two)
    Sealed.objects.filter(pk=a.pk).update(ciphertext=b.ciphertext, salt=b.salt)
    assert seals.verify().broken is not None


def forge(line: Journal, body: str) -> None:
    """What somebody with the database and the programme, but without the keys, can do: write the chain anew."""
    head = chain.line_hash(chain.GENESIS, body)
    Journal.objects.filter(pk=line.pk).update(body=body, hash=head)
    Matter.objects.filter(pk=line.matter_id).update(head=head)


@pytest.mark.django_db
@pytest.mark.parametrize("places", ["two matters", "two lines"])
def test_a_sealed_text_opens_in_its_own_place_only(places: str) -> None:
    one, two = opened(), opened()
    if places == "two lines":
        moved(one, "take", personal={"note": "已到现场"})
    first = Sealed.objects.get(journal__matter=one, journal__seq=1)
    other = Sealed.objects.exclude(pk=first.pk).order_by("pk").last() if places == "two lines" else None
    other = other or Sealed.objects.get(journal__matter=two)
    Sealed.objects.filter(pk=first.pk).update(ciphertext=other.ciphertext, salt=other.salt)
    # With the digest moved too, and the chain written anew, only the place within the seal gives it away.
    forge(first.journal, first.journal.body.replace(*(json.loads(x.journal.body)["sealed"] for x in (first, other))))
    with pytest.raises(keys.Changed):
        queries.history(one, FLOW, personal=True)
    broken = seals.verify(one.pk).broken
    assert broken is not None and broken.seq == 1


@pytest.mark.django_db
def test_a_text_sealed_before_places_were_bound_still_opens() -> None:
    matter, other = opened(), opened()
    old = Sealed.objects.get(journal__matter=matter)
    text = canonical({"description": "门口有垃圾"})
    Sealed.objects.filter(pk=old.pk).update(ciphertext=keys.seal("sealed", text.encode()))
    assert queries.history(matter, FLOW, personal=True)[0].personal == {"description": "门口有垃圾"}
    assert seals.verify().holds
    # The old form knows no place, but the line's digest says whose it is.
    moved_here = Sealed.objects.get(pk=old.pk)
    Sealed.objects.filter(journal__matter=other).update(ciphertext=moved_here.ciphertext, salt=moved_here.salt)
    with pytest.raises(keys.Changed):
        queries.history(other, FLOW, personal=True)


@pytest.mark.django_db
def test_seals_show_cut_tails_and_deleted_matters() -> None:
    one, two = opened(), opened()
    while relay.stamp():
        pass
    assert seals.make_seal() is not None and seals.make_seal() is None
    moved(one, "take")
    relay.stamp()
    seals.make_seal()
    assert seals.verify() == seals.Proof(2, 3, 2, None)
    with transaction.atomic():
        Outbox.objects.filter(matter=two).delete()
        Sealed.objects.filter(journal__matter=two).delete()
        Journal.objects.filter(matter=two).delete()
        Matter.objects.filter(pk=two.pk).delete()
    assert seals.verify().broken is not None
    Seal.objects.all().delete()  # whoever also removes the seals is given away by the copy outside
    broken = seals.verify().broken
    assert broken is not None and "库外" in broken.reason
    assert seals.copy_path().read_text().count("\n") == 2


@pytest.mark.django_db
def test_positions_are_dense_and_delivery_survives_a_bad_subscriber() -> None:
    for _ in range(3):
        opened()
    assert relay.pending() and relay.stamp() == 3 and relay.stamp() == 0 and not relay.pending()
    assert list(Outbox.objects.order_by("id").values_list("position", flat=True)) == [1, 2, 3]
    heard: list[int] = []
    before = dict(relay._subscribers)
    try:
        relay._subscribers.clear()
        relay.subscribe("good", "", lambda a: heard.append(a.position))
        relay.subscribe("bad", "toy", lambda a: 1 / 0)
        relay.deliver()
        relay.deliver()
    finally:
        relay._subscribers.clear()
        relay._subscribers.update(before)
    assert heard == [1, 2, 3]
    bad = Cursor.objects.get(name="bad")
    assert (bad.position, bad.failures, bad.last_error) == (0, 1, "ZeroDivisionError")
    assert queries.changed_after(1) == (3, list(Matter.objects.order_by("pk").values_list("pk", flat=True))[1:])


@pytest.mark.django_db
def test_a_text_that_vanished_without_a_word_shows() -> None:
    matter = opened()
    assert seals.verify().holds
    Sealed.objects.update(salt=None, ciphertext=None, erased_at=clock.now())
    broken = seals.verify().broken
    assert broken is not None and (broken.matter_id, broken.seq) == (matter.pk, 1)


@pytest.mark.django_db(transaction=True)
def test_the_same_key_sent_at_once_opens_once() -> None:
    opened_ids: list[int] = []
    already: list[int] = []

    def send() -> None:
        try:
            opened_ids.append(opened(client_key="resident/at-once").pk)
        except actions.AlreadyOpened as again:
            already.append(again.matter_id)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(opened_ids) == 1 and already == opened_ids * 5
    assert Journal.objects.filter(matter_id=opened_ids[0]).count() == 1


def sealed_once() -> None:
    opened()
    while relay.stamp():
        pass
    assert seals.make_seal() is not None


@pytest.mark.django_db
def test_the_copy_goes_on_under_another_name_of_the_database(settings) -> None:  # type: ignore[no-untyped-def]
    sealed_once()
    old, name = seals.copy_path(), settings.DATABASES["default"]["NAME"]
    settings.DATABASES["default"]["NAME"] = "elsewhere"
    try:
        broken = seals.verify().broken
        assert broken is not None and "journal-seals-elsewhere.jsonl" in broken.reason  # not found is not "all is well"
        assert seals.hand_over(old, seals.copy_path()) is None and seals.verify().holds
        sealed_once()
        assert seals.copy_path().read_text().startswith(old.read_text()) and seals.verify().holds
        assert [len(c.read_text().splitlines()) for c in seals.copies()] == [2, 1]
        assert seals.hand_over(seals.copy_path(), old) is None  # the longer one takes up the shorter
        old.write_text("{}\n")
        aside = seals.hand_over(seals.copy_path(), old)
        assert aside is not None and aside.read_text() == "{}\n" and aside not in seals.copies()
    finally:
        settings.DATABASES["default"]["NAME"] = name


@pytest.mark.django_db
def test_a_line_that_an_ended_process_did_not_write_is_written_with_the_next_seal() -> None:
    sealed_once()
    sealed_once()
    lines = seals.copy_path().read_text().splitlines(keepends=True)
    seals.copy_path().write_text(lines[0])
    assert seals.verify().holds
    sealed_once()
    assert seals.copy_path().read_text().splitlines(keepends=True)[:2] == lines
    assert seals.verify() == seals.Proof(3, 3, 3, None)
