"""Satisfaction waves: prepare, make slips, open, take a voice, close. A voice is never tied to the slip that let it in."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing
from linli.territory import queries as territory
from linli.vault import slips

from .. import permissions
from ..choices import SurveyState
from ..models import Slip, Voice, Wave
from ..queries import waves as reads
from .surveys import check_span

QUESTIONS_MOST, SLIPS_AT_ONCE = 12, 600  # a page of letters that a browser still prints
LOWEST, HIGHEST = 1, 5
ID_BITS = 62


@dataclass(frozen=True, slots=True)
class Question:
    """One question, answered 1 (very dissatisfied) to 5 (very satisfied)."""

    name: str
    name_en: str = ""


def create_wave(
    *,
    actor: Actor,
    name: str,
    questions: Sequence[Question],
    opens_on: date,
    closes_on: date,
    simulated: bool = False,
) -> int:
    """Prepare a wave. Its questions do not change afterwards. Returns its id. Raises Forbidden, Invalid."""
    district = territory.district().code
    permissions.can_run_survey(actor, district).or_forbidden()
    said = " ".join(name.split())
    if not said or len(said) > 100:
        raise _wrong("bad_name", _("名称须为 1 到 100 个字。"), "name")
    if not 1 <= len(questions) <= QUESTIONS_MOST:
        raise _wrong("bad_questions", _("要有 1 到 %(n)s 个问题。") % {"n": QUESTIONS_MOST}, "questions")
    if any(not q.name or len(q.name) > 100 or len(q.name_en) > 160 for q in questions):
        raise _wrong("bad_questions", _("每个问题 1 到 100 个字。"), "questions")
    check_span(opens_on, closes_on)
    rows = [{"code": f"q{n}", "name": q.name, "name_en": q.name_en} for n, q in enumerate(questions, 1)]
    with transaction.atomic():
        row = Wave.objects.create(
            name=said, district=district, questions=rows, opens_on=opens_on, closes_on=closes_on, simulated=simulated,
            made_at=clock.now(), made_by=actor.label,
        )  # fmt: skip
        _say(actor, row.pk, "create")
    return row.pk


def _wrong(code: str, sentence: str, field: str) -> Invalid:
    return Invalid(code, sentence, fields={field: [sentence]})


def _say(actor: Actor, wave_id: int, change: str, **more: Any) -> None:
    record(actor=actor, verb=AuditVerb.OTHER, target=f"wave:{wave_id}", change=change, **more)


def _wave(actor: Actor, wave_id: int) -> Wave:
    row = Wave.objects.filter(pk=wave_id).first()
    if row is None:
        raise Missing("no_such_wave", _("没有这次满意度调查。"))
    permissions.can_run_survey(actor, row.district).or_forbidden()
    return row


def make_slips(*, actor: Actor, wave_id: int, communities: Mapping[str, int]) -> dict[str, list[str]]:
    """New codes, so many for each community. They are answered once, here, and kept nowhere.

    Raises Forbidden, Missing, Invalid (unknown community, too many at once), Conflict (closed).
    """
    row = _wave(actor, wave_id)
    total = sum(communities.values())
    for code, n in communities.items():
        if len(code) != 12 or territory.division(code) is None or not code.startswith(row.district):
            raise _wrong("no_such_community", _("没有这个社区。"), "communities")
        if n < 1:
            raise _wrong("bad_count", _("每个社区至少一张。"), "count")
    if not 1 <= total <= SLIPS_AT_ONCE:
        text = _("一次最多做 %(n)s 张，多的请分几次做。") % {"n": SLIPS_AT_ONCE}
        raise _wrong("too_many_slips", text, "count")
    made = {code: [slips.new_code() for _n in range(n)] for code, n in communities.items()}
    rows = [Slip(wave=row, community=c, digest=slips.mark(code)) for c, codes in made.items() for code in codes]
    secrets.SystemRandom().shuffle(rows)  # the order of the table is not the order on paper
    with transaction.atomic():
        if not Wave.objects.filter(pk=row.pk).exclude(state=SurveyState.CLOSED).exists():
            raise Conflict("closed", _("这次满意度调查已经结束。"))
        Slip.objects.bulk_create(rows, batch_size=500)
        _say(actor, row.pk, "slips", count=total)
    return made


def void_slips(*, actor: Actor, wave_id: int, community: str) -> int:
    """Letters that were lost before the wave opened: their codes no longer hold. Returns how many. Raises Conflict."""
    row = _wave(actor, wave_id)
    with transaction.atomic():
        if not Wave.objects.filter(pk=row.pk, state=SurveyState.DRAFT).exists():
            raise Conflict("not_draft", _("开始以后不能再作废：有的已经发到居民手里。"))
        gone, _kinds = Slip.objects.filter(wave=row, community=community).delete()
        _say(actor, row.pk, "void", count=gone, community=community)
    return gone


def open_wave(*, actor: Actor, wave_id: int) -> None:
    """From now on slips let voices in. Raises Conflict."""
    _turn(actor, wave_id, SurveyState.DRAFT, SurveyState.OPEN, _("这次满意度调查已经开始过了。"))


def close_wave(*, actor: Actor, wave_id: int) -> None:
    """No voice comes in any more and results may be seen. It is never opened again: two results would tell one voice."""
    _turn(actor, wave_id, SurveyState.OPEN, SurveyState.CLOSED, _("只有进行中的调查可以结束。"))


def _turn(actor: Actor, wave_id: int, now: SurveyState, then: SurveyState, why: str) -> None:
    row = _wave(actor, wave_id)
    with transaction.atomic():
        if not Wave.objects.filter(pk=row.pk, state=now).update(state=then):
            raise Conflict("wrong_state", why)
        _say(actor, row.pk, str(then))


def give_voice(*, code: str, answers: Mapping[str, int]) -> None:
    """What whoever holds a slip answers, once: the slip is used up and the voice put in, in one transaction.

    Neither the person nor the hour nor the slip stays with the voice. Raises Missing for every code that cannot be
    used (wrong, used, not open: they are not told apart), Invalid for what is no answer.
    """
    slip = Slip.objects.filter(digest__in=slips.marks(code)).select_related("wave").first() if code else None
    if slip is None or slip.used or not reads.takes_voices(slip.wave):
        raise reads.unusable()
    known = {q["code"] for q in slip.wave.questions}
    if not answers or not answers.keys() <= known or any(not LOWEST <= n <= HIGHEST for n in answers.values()):
        raise _wrong("no_answer", _("请至少回答一个问题。"), "answers")
    with transaction.atomic():
        # Without a join: whoever waited for another here has the row's own conditions checked anew on PostgreSQL.
        running = Wave.objects.filter(state=SurveyState.OPEN)
        if not Slip.objects.filter(pk=slip.pk, used=False, wave__in=running).update(used=True):
            raise reads.unusable()
        Voice.objects.create(
            pk=secrets.randbits(ID_BITS), wave=slip.wave, community=slip.community, answers=dict(answers)
        )
