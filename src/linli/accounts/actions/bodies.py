"""Changes of bodies made by a person: the room below does them, this one records who did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction

from linli.core.actor import Actor
from linli.organisations import actions as organisations
from linli.organisations import queries

from ..choices import AuditVerb
from .record import record


def create_body(*, actor: Actor, code: str, name: str, short_name: str, kind: str, division: str) -> int:
    """`organisations.actions.create_body`, recorded."""
    with transaction.atomic():
        body_id = organisations.create_body(
            actor=actor, code=code, name=name, short_name=short_name, kind=kind, division=division
        )
        record(actor=actor, verb=AuditVerb.CREATE_BODY, target=f"body:{body_id}", name=name, code=code)
    return body_id


def rename_body(*, actor: Actor, body_id: int, name: str, short_name: str) -> None:
    """`organisations.actions.rename_body`, recorded with the name before and after."""
    before = queries.body_name(body_id)
    with transaction.atomic():
        organisations.rename_body(actor=actor, body_id=body_id, name=name, short_name=short_name)
        record(actor=actor, verb=AuditVerb.RENAME_BODY, target=f"body:{body_id}", before=before, after=name.strip())


def merge_bodies(*, actor: Actor, body_id: int, into_id: int) -> None:
    """`organisations.actions.merge_bodies`, recorded."""
    with transaction.atomic():
        organisations.merge_bodies(actor=actor, body_id=body_id, into_id=into_id)
        into = queries.body_name(into_id)
        record(actor=actor, verb=AuditVerb.MERGE_BODIES, target=f"body:{body_id}", into=into, into_id=into_id)


def load_bodies(*, actor: Actor, data: bytes) -> organisations.LoadReport:
    """`organisations.actions.load_bodies`, recorded when something was loaded."""
    with transaction.atomic():
        report = organisations.load_bodies(actor=actor, data=data)
        if report.loaded:
            record(
                actor=actor,
                verb=AuditVerb.LOAD_BODIES,
                target="bodies",
                created=report.created,
                changed=report.changed,
            )
    return report


def move_bodies(*, actor: Actor, codes: Mapping[str, str]) -> dict[str, list[str]]:
    """Bodies follow the borders: as `organisations.actions.move_bodies`, with a line in the administrative record."""
    with transaction.atomic():
        moved = organisations.move_bodies(actor=actor, codes=codes)
        if moved:
            record(actor=actor, verb=AuditVerb.MOVE_BODIES, target="divisions", bodies=len(moved))
    return moved


def put_bodies_back(*, actor: Actor, divisions: Mapping[str, Sequence[str]]) -> int:
    """Undo of `move_bodies`."""
    with transaction.atomic():
        back = organisations.put_bodies_back(actor=actor, divisions=divisions)
        if back:
            record(actor=actor, verb=AuditVerb.MOVE_BODIES, target="divisions", bodies=back, undone=True)
    return back
