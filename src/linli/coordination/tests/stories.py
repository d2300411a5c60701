"""How a summons and a consultation come about in tests: the real actions, short to say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from linli.coordination.actions.answers import Step, move_summons
from linli.coordination.actions.consultations import Step as Press
from linli.coordination.actions.consultations import plan_consultation, press_consultation
from linli.coordination.actions.kinds import load_kinds
from linli.coordination.actions.summons import Asked, Call, summon
from linli.coordination.models import AgendaItem, Consultation, Summons, SummonsAnswer
from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.organisations import queries as organisations
from linli.testing.fixtures import Cast

NIUJIE = (116.3596, 39.8862)
DESHENG = (116.3745, 39.9535)


def body(code: str) -> int:
    found = organisations.body_by_code(f"110102-{code}")
    assert found is not None, code
    return found.id


def call(cast: Cast, *codes: str, who: str = "chief-niujie", kind: str = "enforcement", **more: Any) -> int:
    """A whistle in Niujie to these bodies."""
    load_kinds(actor=SYSTEM)
    asked = tuple(Asked(body(c)) for c in codes or ("enforcement", "landscaping"))
    lon, lat = more.pop("at", NIUJIE)
    given = {"bodies": asked, "question": "占道经营反复出现，请到场", **more}
    return summon(actor=cast.actor(who), call=Call(kind, lon, lat, **given))


def step(actor: Actor, pk: int, verb: str, *, code: str = "", **more: Any) -> Any:
    given = {"version": matter(pk).version, **more}
    if code:
        given["body_id"] = body(code)
    return move_summons(actor=actor, summons_id=pk, step=Step(verb, **given))


def answered(cast: Cast, pk: int, *codes: str) -> None:
    """Each body comes and answers."""
    for code in codes:
        actor = cast.actor(f"handler-{code}")
        if part(pk, code).mode == "on_site":
            step(actor, pk, "arrive", code=code)
        step(actor, pk, "answer", code=code, text=f"{code} 已处理")


def failed(cast: Cast, who: str = "chief-niujie", **more: Any) -> int:
    """A summons that waits for a consultation."""
    pk = call(cast, "enforcement", who=who, **more)
    answered(cast, pk, "enforcement")
    step(cast.actor(who), pk, "fail", text="一家解决不了")
    return pk


def meeting(cast: Cast, who: str = "chief", **more: Any) -> int:
    return plan_consultation(
        actor=cast.actor(who), meets_at=clock.now() + timedelta(days=3), venue="区政府三层会议室", **more
    )


def press(actor: Actor, pk: int, verb: str, **more: Any) -> int:
    given = {"version": Consultation.objects.select_related("matter").get(pk=pk).matter.version, **more}
    return press_consultation(actor=actor, consultation_id=pk, step=Press(verb, **given))


def matter(pk: int) -> Any:
    return Summons.objects.select_related("matter").get(pk=pk).matter


def part(pk: int, code: str) -> SummonsAnswer:
    return SummonsAnswer.objects.get(summons_id=pk, body_id=body(code))


def items(pk: int) -> list[AgendaItem]:
    return list(AgendaItem.objects.filter(consultation_id=pk).order_by("order"))
