"""The only writers of matters: open, move, note, erase. Each is one transaction with one journal line.

A move is one UPDATE (compare-and-swap on `version` and `seq`), one journal INSERT and one outbox INSERT;
the personal part, if any, is one more INSERT.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.core.errors import Conflict
from linli.vault.actions import overwrite_freed

from . import chain
from .models import Journal, Matter, Outbox, Sealed, TypeVersion
from .rules import Flow, check_move, narrow, variant_from
from .sealing import SealedText, seal_text, unseal_text
from .statements import insert, swap


@dataclass(frozen=True, slots=True)
class DueTimes:
    """When the stage and the whole matter are due. `None` leaves a time unset.

    `revision` is the one of the working calendar that they were counted by; `alarm` is when a rule acts by itself.
    """

    stage: datetime | None = None
    final: datetime | None = None
    note: str = ""
    provisional: bool = False
    revision: int = 0
    alarm: datetime | None = None


@dataclass(frozen=True, slots=True)
class Where:
    """The divisions of a matter, as codes; empty where unknown."""

    area: str
    subdistrict: str = ""
    community: str = ""
    grid: str = ""


class AlreadyOpened(Exception):
    """The same client key was used before; `matter_id` is what it opened then."""

    def __init__(self, matter_id: int) -> None:
        super().__init__(matter_id)
        self.matter_id = matter_id


def open_matter(
    *,
    actor: Actor,
    flow: Flow,
    verb: str,
    title: str,
    where: Where,
    due: DueTimes,
    facts: Mapping[str, Any],
    personal: Mapping[str, Any] | None = None,
    type_version_id: int | None = None,
    client_key: str | None = None,
    simulated: bool = False,
    parent_id: int | None = None,
) -> Matter:
    """Open a matter at the flow's start. Call inside a transaction. Raises AlreadyOpened for a used client key."""
    now = clock.now()
    key = uuid.uuid4()
    sealed = seal_text(personal, matter_key=key, seq=1)
    body = chain.line_body(
        matter_key=key.hex,
        seq=1,
        verb=verb,
        actor=actor.label,
        at=now,
        source="",
        target=flow.start,
        facts=dict(facts),
        sealed_digest=sealed.digest if sealed else None,
    )
    matter = Matter(
        key=key,
        kind=flow.kind,
        type_version_id=type_version_id,
        client_key=client_key,
        title=title,
        simulated=simulated,
        stage=flow.start,
        head=chain.line_hash(chain.GENESIS, body),
        area=where.area,
        subdistrict=where.subdistrict,
        community=where.community,
        grid_at_intake=where.grid,
        opened_at=now,
        stage_started_at=now,
        due_at=due.stage,
        final_due_at=due.final,
        due_note=due.note,
        due_provisional=due.provisional,
        due_revision=due.revision,
        alarm_at=due.alarm,
        parent_id=parent_id,
    )
    if not insert(matter, unless="client_key"):
        raise AlreadyOpened(Matter.objects.values_list("pk", flat=True).get(client_key=client_key))
    _write_line(matter, 1, verb, actor, now, body, matter.head, sealed)
    return matter


def move(
    *,
    actor: Actor,
    matter: Matter,
    version: int,
    verb: str,
    flow: Flow,
    allowed: Decision,
    facts: Mapping[str, Any],
    personal: Mapping[str, Any] | None = None,
    given: Mapping[str, Any] | None = None,
    due: DueTimes | None = None,
    values: Mapping[str, Any] | None = None,
) -> Journal:
    """Move `matter` by `verb`. `version` is what the actor saw; `given` is what the needs are checked against.

    Call inside a transaction. Raises Forbidden, Invalid (a need), Conflict (not now, or somebody was first).
    """
    allowed.or_forbidden()
    if matter.version != version:
        raise too_late(matter.pk)
    narrowed = narrow(flow, variant_of(matter))
    arrow = check_move(narrowed, matter.stage, verb, {**facts, **(personal or {}), **(given or {})})
    now = clock.now()
    changes: dict[str, Any] = {}
    if arrow.target is not None:
        changes |= {"stage": arrow.target, "version": version + 1, "stage_started_at": now}
        changes["ended_at"] = now if arrow.target in flow.ends else None
        changes |= {"post_kind": "", "rungs": "", "alarm_at": None}
    changes |= values or {}
    if due is not None:
        changes |= due_columns(due)
        if due.final is None and arrow.target is not None:
            del changes["final_due_at"]  # the whole limit runs on
    sealed = seal_text(personal, matter_key=matter.key, seq=matter.seq + 1)
    line = _next_line(matter, verb, actor, now, facts, sealed, changes)
    if line is None:
        raise too_late(matter.pk)
    return line


def _next_line(
    matter: Matter,
    verb: str,
    actor: Actor,
    at: datetime,
    facts: Mapping[str, Any],
    sealed: SealedText | None,
    changes: Mapping[str, Any],
) -> Journal | None:
    """Swap the matter on to its next line and write that line; None if somebody moved the matter meanwhile."""
    seq = matter.seq + 1
    body = chain.line_body(
        matter_key=matter.key.hex,
        seq=seq,
        verb=verb,
        actor=actor.label,
        at=at,
        source=matter.stage,
        target=changes.get("stage", matter.stage),
        facts=dict(facts),
        sealed_digest=sealed.digest if sealed else None,
    )
    head = chain.line_hash(matter.head, body)
    columns = {"seq": seq, "head": head, **changes}
    # The journal's UNIQUE(matter, seq) would catch a race too; the swap catches it before anything is written.
    if not swap(Matter, columns, id=matter.pk, version=matter.version, seq=matter.seq):
        return None
    line = _write_line(matter, seq, verb, actor, at, body, head, sealed)
    for name, value in columns.items():
        setattr(matter, name, value)
    return line


def variant_of(matter: Matter):  # type: ignore[no-untyped-def]
    """The matter's variant; type versions never change once published, so they are kept per process."""
    if matter.type_version_id is None:
        return variant_from(None)
    cached = _variants.get(matter.type_version_id)
    if cached is None:
        data = TypeVersion.objects.values_list("variant", flat=True).get(pk=matter.type_version_id)
        cached = _variants[matter.type_version_id] = variant_from(data)
    return cached


_variants: dict[int, Any] = {}


def append(
    *, actor: Actor, matter: Matter, verb: str, facts: Mapping[str, Any], values: Mapping[str, Any] | None = None
) -> bool:
    """Add a line that moves nothing (new due times, an erasure). False if somebody moved the matter meanwhile."""
    with transaction.atomic():
        return _next_line(matter, verb, actor, clock.now(), facts, None, values or {}) is not None


def due_columns(due: DueTimes) -> dict[str, Any]:
    """The columns of a matter that hold its due times."""
    return {
        "due_at": due.stage,
        "final_due_at": due.final,
        "due_note": due.note,
        "due_provisional": due.provisional,
        "due_revision": due.revision,
        "alarm_at": due.alarm,
    }


def reset_due(*, actor: Actor, matter: Matter, due: DueTimes, facts: Mapping[str, Any]) -> bool:
    """Write new due times with a journal line that says why. False if somebody moved the matter meanwhile."""
    return append(
        actor=actor,
        matter=matter,
        verb="redue",
        facts=facts,
        values=due_columns(due),
    )


def publish_type(
    *, actor: Actor, kind: str, code: str, variant: Mapping[str, Any] | None = None, valid_from: Any = None
) -> TypeVersion:
    """Publish a new version of a type; the one before is retired from the same day on."""
    day = valid_from or clock.today()
    with transaction.atomic():
        for old in TypeVersion.objects.filter(kind=kind, code=code, state="published"):
            old.state, old.valid_to = "retired", max(day, old.valid_from)
            old.save(update_fields=["state", "valid_to"])
        return TypeVersion.objects.create(
            kind=kind, code=code, state="published", valid_from=day, variant=dict(variant or {})
        )


def retire_type(*, actor: Actor, kind: str, code: str) -> int:
    """Retire a type: no new matters; open ones go on with the version they have. How many were retired."""
    return TypeVersion.objects.filter(kind=kind, code=code, state="published").update(
        state="retired", valid_to=clock.today()
    )


def draft_type(*, actor: Actor, kind: str, code: str, variant: Mapping[str, Any]) -> TypeVersion:
    """A draft of a type, one at a time for each code. Raises Conflict if there is one."""
    try:
        with transaction.atomic():
            return TypeVersion.objects.create(
                kind=kind, code=code, state="draft", valid_from=clock.today(), variant=dict(variant)
            )
    except IntegrityError:
        raise Conflict("draft_exists", _("这一类已经有一份草稿，请先发布或放弃它。")) from None


def change_draft_type(*, actor: Actor, id: int, variant: Mapping[str, Any]) -> None:
    """Another variant for a draft. Raises Conflict if it is no draft any more."""
    if not TypeVersion.objects.filter(pk=id, state="draft").update(variant=dict(variant)):
        raise _no_draft()


def publish_draft_type(*, actor: Actor, id: int) -> None:
    """Put a draft in force from today on; the version before it is retired the same day. Raises Conflict."""
    draft = TypeVersion.objects.filter(pk=id, state="draft").first()
    if draft is None:
        raise _no_draft()
    with transaction.atomic():
        retire_type(actor=actor, kind=draft.kind, code=draft.code)
        if not TypeVersion.objects.filter(pk=id, state="draft").update(state="published", valid_from=clock.today()):
            raise _no_draft()


def drop_draft_type(*, actor: Actor, id: int) -> None:
    """Let a draft go that no matter and no row points at. Raises Conflict."""
    draft = TypeVersion.objects.filter(pk=id, state="draft")
    with transaction.atomic():
        # A delete goes by the keys that it has read; after the swap the row is held, and it is still a draft.
        if not draft.update(state="draft"):
            raise _no_draft()
        draft.delete()


def _no_draft() -> Conflict:
    return Conflict("no_draft_now", _("这份草稿已经发布或放弃，请刷新后再试。"))


def erase_sealed(*, actor: Actor, matter: Matter, why: str) -> int:
    """Erase the personal parts of a matter's lines, salt and text together. The chain stays provable."""
    overwrite_freed()
    lines = Journal.objects.filter(matter=matter)
    with transaction.atomic():
        erased = Sealed.objects.filter(journal__in=lines, erased_at=None).update(
            salt=None, ciphertext=None, erased_at=clock.now()
        )
        if erased and not append(actor=actor, matter=matter, verb="erase", facts={"lines": erased, "why": why}):
            raise too_late(matter.pk)
    return erased


def open_sealed(sealed: Sealed, *, matter: Matter) -> dict[str, Any]:
    """The personal part of a line of `matter`; empty when erased. Callers have asked a permission first."""
    if sealed.ciphertext is None:
        return {}
    line: Journal = sealed.journal
    digest = json.loads(line.body)["sealed"]
    return dict(json.loads(unseal_text(sealed, matter_key=matter.key, seq=line.seq, digest=digest)))


def _write_line(
    matter: Matter,
    seq: int,
    verb: str,
    actor: Actor,
    at: datetime,
    body: str,
    head: str,
    sealed: SealedText | None,
) -> Journal:
    # by key: a relation given as an object takes Django a descriptor's walk for each of the three
    line = Journal(matter_id=matter.pk, seq=seq, verb=verb, actor=actor.label, at=at, body=body, hash=head)
    insert(line)
    if sealed is not None:
        insert(Sealed(journal_id=line.pk, salt=sealed.salt, ciphertext=sealed.ciphertext))
    insert(Outbox(journal_id=line.pk, matter_id=matter.pk))
    return line


def check_unmoved(matter: Matter) -> None:
    """Raises Conflict (names who was first) if somebody has added a line since `matter` was read (1 SQL)."""
    if not Matter.objects.filter(pk=matter.pk, version=matter.version, seq=matter.seq).exists():
        raise too_late(matter.pk)


def too_late(matter_id: int) -> Conflict:
    """Names who was first, so that the second person need not guess."""
    last: Any = Journal.objects.filter(matter_id=matter_id).order_by("-seq").values("actor", "verb", "at").first() or {}
    return Conflict(
        "moved_meanwhile",
        _("这件事刚被别人办过，请看最新情况再操作。"),
        first=str(last.get("actor", "")),
        verb=str(last.get("verb", "")),
        at=last["at"].isoformat() if last else "",
    )
