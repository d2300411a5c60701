"""The steps of a topic: adopt or dismiss, plan and do measures, hand in, assess. Each is one move with its effects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.core.errors import Conflict, Invalid
from linli.flow import actions as flow
from linli.flow.actions import DueTimes
from linli.organisations import queries as organisations

from ..choices import MeasureState
from ..models import Measure, Topic, TopicCase
from ..queries.topic_cases import assessment
from ..queries.topics import may
from ..rules import TOPIC
from ..topic_rules import TARGET_MOST_DAYS, target_problem

TEXT_MOST = 2000
MEASURE_MOST = 200
MEASURES_MOST = 30


@dataclass(frozen=True, slots=True)
class TopicStep:
    """What somebody wants of a topic. `version` is the one they saw; `text` is sealed, but for a measure's own words."""

    verb: str
    version: int
    text: str = ""
    body_id: int | None = None
    day: date | None = None
    measure_id: int | None = None


@dataclass(slots=True)
class _Plan:
    """What a step adds to its move: decided before anything is written; `then` runs in the same transaction."""

    facts: dict[str, Any] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    personal: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    topic: dict[str, Any] = field(default_factory=dict)
    due: DueTimes | None = None
    then: list[Callable[[], None]] = field(default_factory=list)


def move_topic(*, actor: Actor, topic: Topic, step: TopicStep) -> Topic:
    """Take a step. Raises Forbidden, Invalid (fields text, body, day, measure), Conflict (not now, somebody was first)."""
    allowed: Decision = may(actor, topic, step.verb, step.measure_id)
    allowed.or_forbidden()
    plan = _Plan()
    text = _clean(step.text)
    _EFFECTS.get(step.verb, _words)(actor, topic, step, text, plan)
    with transaction.atomic():
        flow.move(
            actor=actor,
            matter=topic.matter,
            version=step.version,
            verb=step.verb,
            flow=TOPIC,
            allowed=allowed,
            facts=plan.facts,
            personal=plan.personal or None,
            given=plan.given,
            due=plan.due,
            values=plan.values,
        )
        if plan.topic:
            Topic.objects.filter(pk=topic.pk).update(**plan.topic)
            for name, value in plan.topic.items():
                setattr(topic, name, value)
        for effect in plan.then:
            effect()
    return topic


def _clean(text: str) -> str:
    plain = text.replace("\0", "").replace("\r\n", "\n").strip()
    if len(plain) > TEXT_MOST:
        sentence = _("最多 %(n)s 个字。") % {"n": TEXT_MOST}
        raise Invalid("too_long", sentence, fields={"text": [sentence]})
    return plain


def _refuse(code: str, name: str, sentence: str) -> Invalid:
    return Invalid(code, sentence, fields={name: [sentence]})


def _words(actor: Actor, topic: Topic, step: TopicStep, text: str, plan: _Plan) -> None:
    """A step of which only the words are kept, under the name that its arrow needs."""
    move = TOPIC.moves.get(step.verb)
    name = next((n for n in (move.needs if move else ()) if n in ("reason", "result", "text")), "text")
    if text:
        plan.personal[name] = text


def _body(step: TopicStep) -> int:
    found = organisations.body(step.body_id)
    if found is None or not found.is_active:
        raise _refuse("no_such_body", "body", _("请选一个还在运行的单位。"))
    return found.id


def _by(day: date) -> DueTimes:
    """Until the end of a day in Shanghai."""
    end = datetime.combine(day + timedelta(days=1), time(), clock.SHANGHAI)
    return DueTimes(stage=end, final=end)


def _adopt(actor: Actor, topic: Topic, step: TopicStep, text: str, plan: _Plan) -> None:
    body = _body(step)
    if problem := target_problem(step.day, clock.today()):
        raise _refuse("bad_target", "day", problem)
    assert step.day is not None
    plan.facts = {"body": body, "target": step.day.isoformat()}
    plan.values = {"body_id": body}
    plan.topic = {"adopted_at": clock.now(), "target_on": step.day}
    plan.due = _by(step.day)
    if text:
        plan.personal["text"] = text


def _dismiss(actor: Actor, topic: Topic, step: TopicStep, text: str, plan: _Plan) -> None:
    plan.personal = {"reason": text} if text else {}
    plan.then.append(lambda: _end_cases(topic))


def _end_cases(topic: Topic) -> None:
    """Its cases may belong to another topic now."""
    TopicCase.objects.filter(topic=topic).update(open=False)


def _change_owner(actor: Actor, topic: Topic, step: TopicStep, text: str, plan: _Plan) -> None:
    body = _body(step)
    if body == topic.matter.body_id:
        raise _refuse("same_owner", "body", _("现在就是这个单位牵头。"))
    plan.facts, plan.values = {"body": body}, {"body_id": body}
    plan.personal = {"reason": text} if text else {}


def _plan_measure(actor: Actor, topic: Topic, step: TopicStep, text: str, plan: _Plan) -> None:
    body = _body(step)
    words = " ".join(text.split())
    if len(words) > MEASURE_MOST:
        raise _refuse("too_long", "text", _("最多 %(n)s 个字。") % {"n": MEASURE_MOST})
    if step.day is None or not 0 <= (step.day - clock.today()).days <= TARGET_MOST_DAYS:
        raise _refuse("bad_day", "day", _("完成日期要在今天到两年之内。"))
    if Measure.objects.filter(topic=topic).count() >= MEASURES_MOST:
        raise Conflict("too_many_measures", _("一个专题最多 %(n)s 项措施。") % {"n": MEASURES_MOST})
    day = step.day
    plan.given = {"text": words}
    plan.facts = {"body": body, "due": day.isoformat()}
    plan.then.append(
        lambda: _create(Measure(topic=topic, text=words, body_id=body, due_on=day, planned_by=actor.label))
    )


def _create(measure: Measure) -> None:
    measure.save(force_insert=True)


def _measure(topic: Topic, step: TopicStep) -> Measure:
    found = Measure.objects.filter(topic=topic, pk=step.measure_id or 0).first()
    if found is None:
        raise _refuse("no_such_measure", "measure", _("没有这项措施。"))
    return found


def _settle(measure: Measure, state: str, **values: Any) -> None:
    if not Measure.objects.filter(pk=measure.pk, state=MeasureState.PLANNED).update(state=state, **values):
        raise Conflict("measure_settled", _("这项措施已经完成或取消，请刷新后再看。"))


def _do_measure(actor: Actor, topic: Topic, step: TopicStep, text: str, plan: _Plan) -> None:
    measure = _measure(topic, step)
    plan.facts = {"measure": measure.pk, "body": measure.body_id}
    plan.personal = {"text": text} if text else {}
    plan.then.append(lambda: _settle(measure, MeasureState.DONE, done_at=clock.now()))


def _drop_measure(actor: Actor, topic: Topic, step: TopicStep, text: str, plan: _Plan) -> None:
    measure = _measure(topic, step)
    plan.facts = {"measure": measure.pk}
    plan.personal = {"reason": text} if text else {}
    plan.then.append(lambda: _settle(measure, MeasureState.DROPPED))


def _hand_in(actor: Actor, topic: Topic, step: TopicStep, text: str, plan: _Plan) -> None:
    states = list(Measure.objects.filter(topic=topic).values_list("state", flat=True))
    if MeasureState.PLANNED in states:
        raise Conflict("measures_open", _("还有没完成的措施，请先完成，或者写明不再做。"))
    if MeasureState.DONE not in states:
        raise Conflict("no_measure_done", _("还没有完成任何措施，不能提请评估。"))
    plan.facts = {"measures": states.count(MeasureState.DONE)}
    plan.personal = {"result": text} if text else {}
    plan.due = DueTimes(final=topic.matter.final_due_at)


def _counted(topic: Topic, plan: _Plan) -> Any:
    found = assessment(topic)
    assert found is not None, "what is checked was adopted"
    plan.topic = {"before_count": found.before, "after_count": found.after}
    plan.facts = {"before": found.before, "after": found.after, "days": found.days, "most": found.most}
    return found


def _cure(actor: Actor, topic: Topic, step: TopicStep, text: str, plan: _Plan) -> None:
    found = _counted(topic, plan)
    if not found.ready:
        raise Conflict(
            "too_early",
            _("立题还不满 %(days)s 天，到 %(day)s 才能评估为见效。")
            % {"days": found.days, "day": f"{clock.local(found.ready_at):%Y-%m-%d}"},
        )
    if not found.cured:
        words: Mapping[str, int] = {
            "days": found.days,
            "before": found.before,
            "after": found.after,
            "most": found.most,
        }
        raise Conflict(
            "not_cured",
            _("最近 %(days)s 天有 %(after)s 件，立题前同样长时间有 %(before)s 件；不超过 %(most)s 件才算见效。")
            % words,
        )
    if text:
        plan.personal["text"] = text
    plan.then.append(lambda: _end_cases(topic))


def _send_back(actor: Actor, topic: Topic, step: TopicStep, text: str, plan: _Plan) -> None:
    _counted(topic, plan)
    plan.personal = {"reason": text} if text else {}
    plan.due = _by(topic.target_on) if topic.target_on else None


_EFFECTS: Mapping[str, Callable[[Actor, Topic, TopicStep, str, _Plan], None]] = {
    "adopt": _adopt,
    "dismiss": _dismiss,
    "change_owner": _change_owner,
    "plan_measure": _plan_measure,
    "do_measure": _do_measure,
    "drop_measure": _drop_measure,
    "hand_in": _hand_in,
    "cure": _cure,
    "send_back": _send_back,
}
