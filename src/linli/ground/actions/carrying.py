"""The day of a change: the territory flips, matters follow, then everything else that stands under its codes; and back.

Each part leaves its mark, so that a run that was killed goes on where it stopped.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from linli.accounts import actions as accounts
from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.decision import YES
from linli.core.errors import Conflict
from linli.flow import actions as flow
from linli.flow import rezone
from linli.jobs import actions as jobs
from linli.territory import actions as territory_actions
from linli.territory import queries as territory

from .. import areas, hooks, permissions
from ..mapping import Moves, moves_of
from ..models import GroundChange
from ..rules import CHANGE
from .changes import change_of, checked_plan
from .duties import carry_duties, put_duties_back

Tell = Callable[[int, int, Any], None]


def begin_due() -> int:
    """Start what is approved and whose day has come. Called by the clock; how many were started."""
    today = clock.today()
    due = GroundChange.objects.filter(matter__stage="scheduled", effective_on__lte=today, failure="")
    started = 0
    for change in due.select_related("matter").order_by("effective_on", "pk")[:1]:  # one after the other
        if unfinished(besides=change):
            break
        start(actor=SYSTEM, change=change, version=change.matter.version)
        started += 1
    return started


def unfinished(*, besides: GroundChange) -> bool:
    """Whether another change is under way, or broke off half done: matters of it still stand at codes that are gone, and
    a second one would not find them.
    """
    half = Q(matter__stage="in_force", said__restored=True) | (Q(matter__stage="scheduled") & ~Q(turn=""))
    under_way = Q(matter__stage__in=["carrying", "undoing"])
    return GroundChange.objects.filter(half | under_way).exclude(pk=besides.pk).exists()


def start(*, actor: Actor, change: GroundChange, version: int) -> None:
    """Queue the work of an approved change whose day has come (again, if it failed). Raises Conflict, Forbidden."""
    if change.effective_on is None or change.effective_on > clock.today():
        raise Conflict("not_yet", _("还没有到生效日期。"))
    if unfinished(besides=change):
        raise Conflict("another_unfinished", _("另一项改动还没有做完，请先把它做完。"))
    with transaction.atomic():
        flow.move(
            actor=actor, matter=change.matter, version=version, verb="begin", flow=CHANGE,
            allowed=permissions.can_decide(actor, ""), facts={},
        )  # fmt: skip
        GroundChange.objects.filter(pk=change.pk).update(failure="")
        jobs.start("ground.carry_out", actor=actor, params={"change": change.pk}, return_url=page_of(change.pk))


def carry_out(*, change_id: int, tell: Tell) -> dict[str, Any]:
    """Do all of it. Repeatable: what is done is not done again. Answers the facts of the journal line."""
    change = change_of(change_id)
    if change.matter.stage != "carrying":
        raise Conflict("not_now", _("这项改动不在改划之中。"))
    if not change.turn:
        _flip(change, tell)
    moves = moves_of(change.said)
    done = _rezone(change, moves, tell)
    for name, (carry, _back) in _carriers().items():
        if name not in change.said["carried"]:
            tell(0, 0, _("正在改划岗位、单位和其他记录"))
            _mark(change, name, carry, moves.codes)
    facts = {
        "read": done.read, "changed": done.changed, "unplaced": done.unplaced, "digest": done.digest,
        "codes": len(moves.codes), "posts": len(change.said["carried"]["posts"]),
        "bodies": len(change.said["carried"]["bodies"]),
    }  # fmt: skip
    with transaction.atomic():
        press(change, "finish", facts)
        _say(change, {**change.said, "done": facts})
    if moves.touched:
        rezone.sweep(older_than=_key(change))  # the changes before this one cannot be undone any more
    return facts


def _flip(change: GroundChange, tell: Tell) -> None:
    """The new layers go live; in the same transaction the change keeps what it needs to go on."""
    found = checked_plan(change)
    key = uuid.uuid4()
    gone = {*found.moves.codes, *found.moves.parted}
    live = territory.live_layers().values()
    names = {f.code: f.name for layer in live for f in layer.features if f.name and f.code in gone}

    def keep(batch: str) -> None:
        said = {**change.said, **found.moves.as_data(), "names": names, "upto": rezone.last_id(), "carried": {}}
        GroundChange.objects.filter(pk=change.pk).update(turn=batch, rezone_key=key, said=said)

    territory_actions.put_layers(
        actor=SYSTEM, layers=found.layers, note=change.name, expected_revision=territory.revision(),
        progress=lambda words, done, total: tell(done, total, words), then=keep,
    )  # fmt: skip
    change.refresh_from_db()


def _rezone(change: GroundChange, moves: Moves, tell: Tell) -> rezone.Rezoned:
    """All matters. Raises Conflict (still_held): some were held by others through every pass; it is pressed again."""
    if not moves.touched:
        return rezone.Rezoned(0, 0, 0, "", {})
    done = rezone.rezone(
        areas.computer(moves), areas=moves.touched, change=_key(change), upto=int(change.said["upto"]),
        late=areas.latecomers(moves), progress=tell,
    )  # fmt: skip
    if held := done.left.get("held"):
        raise Conflict("still_held", _("有 %(n)s 件正被别人办理，没有改划完。请再试一次。") % {"n": held})
    return done


def _key(change: GroundChange) -> uuid.UUID:
    assert change.rezone_key is not None  # kept with `turn`
    return change.rezone_key


def _carriers() -> dict[str, tuple[hooks.Carry, hooks.PutBack]]:
    """Bodies before posts: a post must stand where its body does. Then our own duties, then the other rooms."""
    return {
        "bodies": (
            lambda actor, codes: accounts.move_bodies(actor=actor, codes=codes),
            lambda actor, kept: accounts.put_bodies_back(actor=actor, divisions=kept),
        ),
        "posts": (
            lambda actor, codes: accounts.move_posts(actor=actor, codes=codes),
            lambda actor, kept: accounts.put_posts_back(actor=actor, pairs=kept),
        ),
        "duties": (
            lambda actor, codes: carry_duties(actor=actor, codes=codes),
            lambda actor, kept: put_duties_back(actor=actor, kept=kept),
        ),
        **hooks.carriers(),
    }


def _mark(change: GroundChange, name: str, carry: hooks.Carry, codes: Mapping[str, str]) -> None:
    """One room's part and its mark, together or not at all."""
    with transaction.atomic():
        kept = carry(SYSTEM, codes)
        _say(change, {**change.said, "carried": {**change.said["carried"], name: kept}})


def _say(change: GroundChange, said: dict[str, Any]) -> None:
    GroundChange.objects.filter(pk=change.pk).update(said=said)
    change.said = said


def press(change: GroundChange, verb: str, facts: Mapping[str, Any]) -> None:
    """A move of the system. Inside a transaction."""
    matter = change_of(change.pk).matter
    flow.move(
        actor=SYSTEM, matter=matter, version=matter.version, verb=verb, flow=CHANGE, allowed=YES, facts=facts
    )  # fmt: skip


def fail(*, change_id: int, why: Any) -> None:
    """The work broke off: the reason is shown, and somebody presses again."""
    change = change_of(change_id)
    verb = {"carrying": "fail", "undoing": "fail_undo"}.get(change.matter.stage)
    if verb is not None:
        with transaction.atomic():
            press(change, verb, {})
            GroundChange.objects.filter(pk=change_id).update(failure=str(why)[:200])


# --- back ---------------------------------------------------------------------------------------------------
def start_undo(*, actor: Actor, change: GroundChange, version: int, reason: str) -> None:
    """Queue the way back of the last change. Raises Conflict (not_the_last), Forbidden, Invalid (no reason)."""
    if not can_be_undone(change):
        raise Conflict("not_the_last", _("之后又有别的改动生效，这一次已不能撤销。"))
    said = reason.strip()
    with transaction.atomic():
        flow.move(
            actor=actor, matter=change.matter, version=version, verb="begin_undo", flow=CHANGE,
            allowed=permissions.can_decide(actor, ""), facts={}, personal={"reason": said} if said else None,
        )  # fmt: skip
        GroundChange.objects.filter(pk=change.pk).update(failure="")
        jobs.start("ground.undo", actor=actor, params={"change": change.pk}, return_url=page_of(change.pk))


def can_be_undone(change: GroundChange) -> bool:
    """In force, and the last one that flipped the territory."""
    if change.matter.stage != "in_force" or not change.turn or unfinished(besides=change):
        return False
    if moves_of(change.said).touched and not rezone.is_kept(_key(change)):
        return False  # a later change was carried out, though it may have been taken back since
    later = GroundChange.objects.filter(matter__stage="in_force").exclude(pk=change.pk)
    finished = [c.said.get("upto", 0) for c in later if c.turn]
    return all(n <= change.said["upto"] for n in finished)


def undo(*, change_id: int, tell: Tell) -> dict[str, Any]:
    """Everything back as far as nobody has moved it since. Repeatable. Answers the facts of the journal line."""
    change = change_of(change_id)
    if change.matter.stage != "undoing":
        raise Conflict("not_now", _("这项改动不在撤销之中。"))
    if not change.said.get("restored"):
        _flip_back(change, tell)
    done = _rezone_back(change, moves_of(change.said), tell)
    carriers = _carriers()
    for name in reversed(list(change.said["carried"])):
        if name in carriers and name not in change.said["put_back"]:
            with transaction.atomic():
                carriers[name][1](SYSTEM, change.said["carried"][name])
                _say(change, {**change.said, "put_back": [*change.said["put_back"], name]})
    facts = {
        "read": done.read, "changed": done.changed, "digest": done.digest, "left": sum(done.left.values()),
    }  # fmt: skip
    with transaction.atomic():
        press(change, "finish_undo", facts)
        _say(change, {**change.said, "undone": facts})
    return facts


def _rezone_back(change: GroundChange, moves: Moves, tell: Tell) -> rezone.Rezoned:
    """Matters of before go back to where they were; those that came in since go by their own point or code."""
    if not moves.touched:
        return rezone.Rezoned(0, 0, 0, "", {})
    done = rezone.unrezone(_key(change), progress=tell)
    since = rezone.rezone(
        lambda part: part.area, areas=moves.reached, change=uuid.uuid5(_key(change), "back"), upto=int(change.said["upto"]),
        late=areas.returners(moves), progress=tell,
    )  # fmt: skip
    return replace(done, changed=done.changed + since.changed)


def _flip_back(change: GroundChange, tell: Tell) -> None:
    def keep(_batch: str) -> None:
        said = {**change.said, "restored": True, "put_back": []}
        GroundChange.objects.filter(pk=change.pk).update(said=said)

    territory_actions.restore_layers(
        actor=SYSTEM, batch=change.turn, expected_revision=territory.revision(),
        progress=lambda words, done, total: tell(done, total, words), then=keep,
    )  # fmt: skip
    change.refresh_from_db()


def page_of(pk: int) -> str:
    """Where the change is shown."""
    return reverse("ground:change", args=[pk])
