"""Cases as pages show them: plain values made from a case and what the process keeps. No SQL here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from linli.core import clock
from linli.organisations import queries as organisations
from linli.site import urgency
from linli.territory import queries as territory

from .. import queries
from ..choices import Channel
from ..rules import CASE


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    number: str
    class_name: str
    place: str
    near: str
    stage: str
    label: Any
    kind: str  # late | soon | ok | done
    time_left: str
    body: str
    opened_at: datetime
    channel: Any
    simulated: bool


def urgency_view(matter: Any) -> dict[str, Any]:
    """What the urgency mark reads: a declined matter has run out of time no more than a closed one."""
    return {"due_at": matter.due_at, "closed_at": matter.closed_at or matter.ended_at}


def place_of(matter: Any) -> str:
    """`牛街 春风社区`: short subdistrict, community."""
    names = [territory.division_name(matter.subdistrict, short=True)] if matter.subdistrict else []
    if matter.community:
        names.append(territory.division_name(matter.community))
    return " ".join(names) or territory.division_name(matter.area)


def row(case: Any, now: datetime | None = None) -> Row:
    """A case as a line of a list."""
    matter = case.matter
    view = urgency_view(matter)
    now = now or clock.now()
    return Row(
        number=queries.number_of_case(case),
        class_name=queries.class_of(case).name,
        place=place_of(matter),
        near=case.near,
        stage=matter.stage,
        label=CASE.stages[matter.stage].label,
        kind=urgency.of(view, now),
        time_left=urgency.sentence(view["due_at"], view["closed_at"], now),
        body=organisations.body_name(matter.body_id, short=True) if matter.body_id else "",
        opened_at=matter.opened_at,
        channel=CHANNELS.get(case.channel, case.channel),
        simulated=matter.simulated,
    )


CHANNELS = {c.value: c.label for c in Channel}
