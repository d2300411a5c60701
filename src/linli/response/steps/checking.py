"""Verification and closing; the dice that decide what is sampled."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict
from linli.vault import keys

from ..choices import Channel, LadderTrigger, OfferState
from ..models import Offer
from .base import Context, effect
from .clocks import press_counted
from .merging import open_children


@effect("rework")
def rework(c: Context) -> None:
    count = c.case.rework_count + 1
    c.on_case["rework_count"] = count
    press_counted(c, LadderTrigger.REWORKS, count)


@effect("close", "spare", "close_with")
def close(c: Context) -> None:
    """Closed once: whether it was on time is settled by the first closing."""
    if open_now := open_children(c.matter):
        raise Conflict(
            "children_open", _("还有 %(n)s 个拆分出去的案件没有办完，不能结案。") % {"n": open_now}, open=open_now
        )
    c.values["closed_at"] = c.now
    if c.case.first_closed_on_time is None:
        c.on_case["first_closed_on_time"] = c.matter.final_due_at is None or c.now <= c.matter.final_due_at
    if c.step.verb == "spare":
        c.facts["sample"] = _fact(c, "pass", c.view.variant.sample("pass"), False)
    c.then.append(
        lambda: Offer.objects.filter(case_id=c.case.pk, state=OfferState.CLAIMED).update(
            state=OfferState.DONE, ended_at=c.now
        )
    )


@effect("archive")
def archive(c: Context) -> None:
    c.facts["call_sample"] = _fact(c, "call_back", c.view.variant.sample("call_back"), False)


def drawn(matter_key: str, verb: str, version: int, share: int) -> bool:
    """Whether the dice choose this matter. Keyed, so that nobody outside can tell beforehand; the same for a repeat."""
    mark = keys.mac("sample", f"{matter_key}/{verb}/{version}".encode())
    return int(mark[:12], 16) % 100 < share


def _fact(c: Context, verb: str, share: int, chosen: bool) -> dict[str, object]:
    """What the journal says of a throw of the dice: for which step, which share in per cent, by which type version."""
    return {"of": verb, "share": share, "drawn": chosen, "type": c.view.id}


def _own_find(c: Context) -> bool:
    """A grid worker's own find, in which nobody else's report waits: only that may do without a verification."""
    return c.case.channel == Channel.FIELD and c.case.report_count == 1


def draw(c: Context, target: str) -> None:
    """On arrival: what was mended on the spot and not drawn for verification is closed at once; what is not drawn for
    the call-back is archived when it is due. What a body handled, or somebody else had reported, is always verified."""
    variant, matter = c.view.variant, c.matter
    if target == "fed_back" and c.step.verb == "mend" and "spare" in variant.chosen and _own_find(c):
        share = variant.sample("pass")
        chosen = drawn(matter.key.hex, "pass", matter.version, share)
        c.on_case["sampled"] = chosen
        c.facts["sample"] = _fact(c, "pass", share, chosen)
        if not chosen:
            c.press("spare", {})
    if target == "closed" and "archive" in variant.chosen:
        share = variant.sample("call_back")
        if c.step.verb == "retract":  # the dice were thrown when it was closed, and are not thrown again
            chosen = c.case.call_sampled is not False
        else:
            chosen = drawn(matter.key.hex, "call_back", matter.version, share)
            c.on_case["call_sampled"] = chosen
            c.facts["call_sample"] = _fact(c, "call_back", share, chosen)
        if not chosen and c.due is not None:
            c.due = replace(c.due, alarm=c.due.stage)
