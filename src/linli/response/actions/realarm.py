"""A new ladder sets the alarms of open cases anew: queued with the sheet, one line in the ladder's own journal."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from linli.core.actor import Actor
from linli.flow import actions as flow
from linli.flow.models import Matter
from linli.flow.retime import Retimed
from linli.jobs import actions as jobs
from linli.territory import queries as territory

from .. import permissions
from ..choices import Sheet
from ..queries.types import LADDER_KEY, ladder_lines
from ..rules import STEERING


def follow_ladder(*, actor: Actor, number: int) -> Any:
    """Queue what version `number` of the ladder makes of the open cases, in the caller's transaction. The job."""
    permissions.can_administer(actor).or_forbidden()
    return jobs.start(
        "response.alarms", actor=actor, params={"number": number}, return_url=f"/settings/sheets/{Sheet.LADDER}/"
    )


def note_alarms(*, actor: Actor, number: int, done: Retimed) -> None:
    """One line in the ladder's own journal: how many open cases were read, how many got another alarm. Raises Forbidden.

    A job that ran again after its worker died finds nothing to change and adds no second line.
    """
    allowed = permissions.can_administer(actor)
    allowed.or_forbidden()
    if done.changed == 0 and any(line.facts.get("number") == number for line in ladder_lines()):
        return
    facts = {"number": number, "read": done.read, "changed": done.changed, "digest": done.digest}
    with transaction.atomic():
        matter = _ladder_matter(actor)
        flow.move(
            actor=actor,
            matter=matter,
            version=matter.version,
            verb="revise",
            flow=STEERING,
            allowed=allowed,
            facts=facts,
        )


def _ladder_matter(actor: Actor) -> Matter:
    """The one matter that the ladder is; opened at its first revision."""
    known = Matter.objects.filter(client_key=LADDER_KEY).first()
    if known is not None:
        return known
    try:
        return flow.open_matter(
            actor=actor,
            flow=STEERING,
            verb="open",
            title="催办督办表",
            where=flow.Where(territory.district().code if territory.is_loaded() else ""),
            due=flow.DueTimes(),
            facts={},
            client_key=LADDER_KEY,
        )
    except flow.AlreadyOpened as opened:
        return Matter.objects.get(pk=opened.matter_id)
