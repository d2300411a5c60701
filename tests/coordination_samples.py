"""Something of each kind in coordination, for the addresses that name it. Each part of the room has its function."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from linli.coordination.actions.answers import Step, move_summons
from linli.coordination.actions.campaigns import CampaignPlan, draft_campaign
from linli.coordination.actions.consultations import Step as Press
from linli.coordination.actions.consultations import plan_consultation, press_consultation
from linli.coordination.actions.kinds import load_kinds
from linli.coordination.actions.roster import load_shifts
from linli.coordination.actions.summons import Asked, Call, summon
from linli.coordination.actions.topic_finding import NewTopic, raise_topic
from linli.coordination.actions.topic_rules import load_topic_rules
from linli.coordination.queries.topic_rules import rules
from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM
from linli.organisations import queries as organisations
from linli.response import actions as response
from linli.testing.fixtures import Cast

LON, LAT = 116.3596, 39.8862


def call_samples(district: Cast) -> dict[str, Any]:
    """A summons in Niujie that waits for 城管执法局 and 园林绿化局; a consultation that was held with one that failed."""
    load_kinds(actor=SYSTEM)
    waiting, failed = (_call(district, n) for n in range(2))
    chief = district.actor("chief")
    move_summons(actor=SYSTEM, summons_id=failed, step=Step("release", 1, body_id=_body("landscaping"), text="不用来"))
    for verb in ("arrive", "answer"):
        move_summons(actor=SYSTEM, summons_id=failed, step=Step(verb, 1, body_id=_body("enforcement"), text="去了"))
    move_summons(actor=district.actor("chief-niujie"), summons_id=failed, step=Step("fail", 2, text="解决不了"))
    pk = plan_consultation(actor=chief, meets_at=clock.now() + timedelta(days=1), venue="三层")
    for step in (Press("list_item", 1, summons_id=failed), Press("hold", 1)):
        press_consultation(actor=chief, consultation_id=pk, step=step)
    meetings = ("consultation", "consultation-agenda", "consultation-minutes", "consultation-press")
    return {
        **{f"coordination:{name}.id": waiting for name in ("summons", "summons-sheet", "summons-move")},
        **{f"coordination:{name}.id": pk for name in meetings},
        "coordination:summons-move.verb": "withdraw",
        "coordination:consultation-press.verb": "note",
    }


def _body(code: str) -> int:
    found = organisations.body_by_code(f"110102-{code}")
    assert found is not None, code
    return found.id


def _call(district: Cast, turn: int) -> int:
    bodies = [Asked(_body(code)) for code in ("enforcement", "landscaping")]
    wanted = Call("enforcement", LON, LAT, bodies, "请到场", client_key=f"sample-{turn}")
    return summon(actor=district.actor("chief-niujie"), call=wanted)


def topic_samples(district: Cast) -> dict[str, Any]:
    """A topic and a campaign in Niujie, the rules and the shifts. Its case is none of the matrix's own class."""
    load_topic_rules(actor=SYSTEM)
    load_shifts(actor=SYSTEM)
    report = response.Report("web", "0103", LON, LAT, description="又堆了渣土")
    response.report_case(actor=RESIDENT, report=report)
    chief = district.actor("chief-niujie")
    topic = raise_topic(actor=chief, wanted=NewTopic("0103", rules()[0].id, LON, LAT))
    today = clock.today()
    plan = CampaignPlan("牛街整治", ("01",), ("110102018",), today, today + timedelta(days=9))
    campaign = draft_campaign(actor=chief, plan=plan)
    ways = ("campaign", "campaign-edit", "campaign-turn", "campaign-cases", "campaign-xlsx")
    return {
        **{f"coordination:{name}.id": topic.pk for name in ("topic", "topic-move")},
        **{f"coordination:{name}.id": campaign.pk for name in ways},
    }
