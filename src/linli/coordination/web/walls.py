"""Two boards of the wall: who is on call now, and the figures of the campaign that runs. Named in config/wiring.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.territory import queries as territory

from ..campaign_rules import within
from ..choices import CampaignState
from ..queries import campaigns as campaign_reads
from ..queries import roster as roster_reads
from ..queries.campaigns import Board, BoardFilter
from ..templatetags.coordination import named

ROWS = 12


def duty(actor: Actor, division: str) -> Mapping[str, Any]:
    """Who is on call in a division. Raises Missing."""
    found = roster_reads.on_call(actor, division)
    return {"now_on": found, "slots": found.slots[:ROWS], "name": territory.division_name(division)}


def duty_data(actor: Actor, division: str) -> Any:
    found = roster_reads.on_call(actor, division)
    return {
        "slots": [{"body": s.body, "telephone": s.telephone, "shift": named(s.shift)} for s in found.slots],
        "gaps": [named(s) for s in found.gaps],
    }


def _running(actor: Actor, division: str) -> Board:
    """The board of the campaign that runs in a division, the newest first. Raises Missing where none does."""
    for one in campaign_reads.campaigns(actor, CampaignState.RUNNING):
        if any(within(d, division) for d in one.divisions.split()):
            place = division if len(division) > 6 else ""
            return campaign_reads.board(actor, one, BoardFilter(place=place))
    raise Missing("no_campaign", _("现在没有进行中的专项行动。"))


def campaign(actor: Actor, division: str) -> Mapping[str, Any]:
    """The figures of the campaign that runs in a division. Raises Missing."""
    found = _running(actor, division)
    return {
        "board": found,
        "campaign": found.campaign,
        "places": found.places[:ROWS],
        "longest": max((s.open for s in found.places), default=0),
        "rests": [(s, s.open - s.late) for s in found.places[:ROWS]],
    }


def campaign_data(actor: Actor, division: str) -> Any:
    found = _running(actor, division)
    return {name: getattr(found.total, name) for name in ("opened", "closed", "on_time", "judged", "open", "late")}
