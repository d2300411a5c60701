"""Experts' questionnaires: prepare, letters, open, answer, hand in, close, adopt as a way to compute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing
from linli.vault import slips
from linli_engines.composite import Ahp, Budget, Choice, Manual, Noise, Option, Scenario, experts

from .. import documents, opinions, permissions, trees
from ..choices import FrameworkState, QuestionKind, QuestionnaireState
from ..models import Answer, Framework, Invitation, Questionnaire
from ..queries import experts as reads
from ..queries import frameworks
from . import results

SEATS_MOST = 60


def _say(actor: Actor, row: Questionnaire, change: str, **more: Any) -> None:
    record(actor=actor, verb=AuditVerb.OTHER, target=f"questionnaire:{row.pk}", change=change, **more)


def _one(actor: Actor, questionnaire_id: int) -> Questionnaire:
    permissions.can_work(actor).or_forbidden()
    row = Questionnaire.objects.filter(pk=questionnaire_id).first()
    if row is None:
        raise Missing("no_such_questionnaire", _("没有这份专家咨询。"))
    return row


def _wrong(code: str, sentence: str, field: str) -> Invalid:
    return Invalid(code, sentence, fields={field: [sentence]})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a questionnaire asks: `nodes` are those whose children are weighed."""

    framework_id: int
    title: str
    kind: str
    nodes: tuple[str, ...]
    note: str = ""
    closes_on: date | None = None


def create(*, actor: Actor, asked: Asked) -> int:
    """Prepare a questionnaire on a published framework. Returns its id. Raises Forbidden, Missing, Conflict, Invalid."""
    permissions.can_work(actor).or_forbidden()
    framework = Framework.objects.filter(pk=asked.framework_id).first()
    if framework is None:
        raise Missing("no_such_framework", _("没有这个评价体系。"))
    if framework.state != FrameworkState.PUBLISHED:
        raise Conflict("not_published", _("只就在用的体系咨询专家：草稿还会变。"))
    title = " ".join(asked.title.split())
    if not title or len(title) > 120:
        raise _wrong("bad_title", _("标题须为 1 到 120 个字。"), "title")
    if asked.kind not in QuestionKind.values:
        raise _wrong("bad_kind", _("请选一个列出的选项。"), "kind")
    can = {q.node.code for q in reads.askable(framework.pk, asked.kind)}
    if not asked.nodes or not set(asked.nodes) <= can:
        most = opinions.CHILDREN_MOST[asked.kind]
        raise _wrong("bad_nodes", _("请选下面有 2 到 %(n)s 项的节点。") % {"n": most}, "nodes")
    if asked.closes_on is not None and asked.closes_on < clock.today():
        raise _wrong("closes_in_the_past", _("截止日不能早于今天。"), "closes_on")
    with transaction.atomic():
        row = Questionnaire.objects.create(
            framework=framework, title=title, note=asked.note.strip()[:600], kind=asked.kind, nodes=list(asked.nodes),
            closes_on=asked.closes_on, by=actor.label, at=clock.now(),
        )  # fmt: skip
        _say(actor, row, "create")
    return row.pk


def add_seats(*, actor: Actor, questionnaire_id: int, count: int) -> list[tuple[int, str]]:
    """New seats as (number, code). The codes are answered once, here, and kept nowhere. Raises Forbidden, Missing,
    Invalid, Conflict (closed).
    """
    row = _one(actor, questionnaire_id)
    taken = row.invitations.filter(revoked_at=None).count()
    if count < 1 or taken + count > SEATS_MOST:
        raise _wrong(
            "bad_count",
            _("一份咨询最多 %(n)s 位专家，现在已有 %(have)s 位。") % {"n": SEATS_MOST, "have": taken},
            "count",
        )
    codes = [slips.new_code() for _n in range(count)]
    marks = [slips.mark(code) for code in codes]
    with transaction.atomic():
        locked = Questionnaire.objects.select_for_update().filter(pk=row.pk).exclude(state=QuestionnaireState.CLOSED)
        if not locked.exists():
            raise Conflict("closed", _("这份专家咨询已经截止。"))
        last = row.invitations.aggregate(last=Max("seat"))["last"] or 0
        numbers = list(range(last + 1, last + count + 1))
        Invitation.objects.bulk_create(
            [Invitation(questionnaire=row, seat=n, mark=m) for n, m in zip(numbers, marks, strict=True)]
        )
        _say(actor, row, "seats", count=count)
    return list(zip(numbers, codes, strict=True))


def revoke_seat(*, actor: Actor, questionnaire_id: int, seat: int) -> None:
    """A letter that was lost: its code no longer holds and nothing of it counts. Not once it is handed in or closed.

    Raises Forbidden, Missing, Conflict.
    """
    row = _one(actor, questionnaire_id)
    with transaction.atomic():
        running = Questionnaire.objects.exclude(state=QuestionnaireState.CLOSED).filter(pk=row.pk)
        mine = Invitation.objects.filter(questionnaire__in=running, seat=seat, revoked_at=None, submitted_at=None)
        if not mine.update(revoked_at=clock.now()):
            raise Conflict("not_revocable", _("已经提交、作废或截止的席位不能再作废。"))
        Answer.objects.filter(invitation__questionnaire=row.pk, invitation__seat=seat).delete()
        _say(actor, row, "revoke", seat=seat)


def open_questionnaire(*, actor: Actor, questionnaire_id: int) -> None:
    """From now on codes open it. Raises Forbidden, Missing, Conflict."""
    _turn(actor, questionnaire_id, QuestionnaireState.DRAFT, QuestionnaireState.OPEN, opened_at=clock.now())


def close_questionnaire(*, actor: Actor, questionnaire_id: int) -> None:
    """No answer comes in any more and results may be seen; it is never opened again. Raises Forbidden, Missing, Conflict."""
    _turn(actor, questionnaire_id, QuestionnaireState.OPEN, QuestionnaireState.CLOSED, closed_at=clock.now())


def _turn(actor: Actor, questionnaire_id: int, now: str, then: str, **values: Any) -> None:
    row = _one(actor, questionnaire_id)
    with transaction.atomic():
        if not Questionnaire.objects.filter(pk=row.pk, state=now).update(state=then, **values):
            raise Conflict("wrong_state", _("刚才有人先处理了：这份咨询已经不在那个阶段。"))
        _say(actor, row, str(then))


# --- the expert -----------------------------------------------------------------------------------------------


def save_points(*, code: str, node: str, points: Mapping[str, float]) -> None:
    """Points of one node, as far as they are spent. Raises Missing, Conflict (handed_in), Invalid."""
    desk = reads.behind(code)
    question = _asked(desk, node, QuestionKind.BUDGET)
    known = [c.code for c in question.children]
    if not set(points) <= set(known) or any(not 0 <= v <= desk.view.total for v in points.values()):
        raise _wrong("bad_points", _("每项填 0 到 %(n)s 分。") % {"n": desk.view.total}, "points")
    kept = {c: float(points[c]) for c in known if c in points}
    _keep(code, node, points=kept, matrix=None, ratio=None, accepted=False)


def save_comparisons(
    *, code: str, node: str, said: Mapping[tuple[int, int], float], accepted: bool = False
) -> None:  # fmt: skip
    """Comparisons of one node, as far as they are made: (i, j) -> how much more important i is, 1/9 to 9.

    Raises Missing, Conflict (handed_in), Invalid.
    """
    desk = reads.behind(code)
    n = len(_asked(desk, node, QuestionKind.AHP).children)
    if (
        not set(said) <= set(opinions.pairs(n))
        or any(abs(v - opinions.on_scale(v)) > 1e-9 for v in said.values() if v > 0)
        or any(v <= 0 for v in said.values())
    ):
        raise _wrong("bad_comparison", _("比较只能用 1 到 9 的标度。"), "comparisons")
    matrix = opinions.matrix_of(n, said)
    ratio = opinions.judged(matrix).ratio if opinions.is_whole(matrix) else None
    stands = accepted and ratio is not None and ratio >= opinions.CR_LIMIT
    _keep(code, node, points=None, matrix=matrix, ratio=ratio, accepted=stands)


def _asked(desk: reads.Desk, node: str, kind: str) -> reads.Question:
    found = next((q for q in desk.questions if q.node.code == node), None)
    if found is None or desk.view.kind != kind:
        raise Invalid("no_such_question", _("这份咨询没有问这一项。"))
    return found


def _writable(code: str, **values: Any) -> Invitation:
    """The seat of a code, locked for this transaction, if answers may still come in. Raises Missing, Conflict."""
    row = Invitation.objects.filter(mark__in=slips.marks(code), revoked_at=None).first() if code else None
    if row is None:
        raise reads.unusable()
    today = clock.today()
    running = Questionnaire.objects.filter(state=QuestionnaireState.OPEN).filter(
        Q(closes_on=None) | Q(closes_on__gte=today)
    )  # fmt: skip
    # Whoever waited for another here has the row's own conditions checked anew.
    mine = Invitation.objects.filter(pk=row.pk, submitted_at=None, revoked_at=None, questionnaire__in=running)
    if not mine.update(started_at=Coalesce("started_at", clock.now()), **values):
        raise Conflict("handed_in", _("已经提交或截止，不能再改。"))
    return row


def _keep(code: str, node: str, **values: Any) -> None:
    with transaction.atomic():
        row = _writable(code)
        Answer.objects.update_or_create(invitation=row, node=node, defaults={**values, "at": clock.now()})


def submit(*, code: str) -> None:
    """Hand in. From then on the answers stand. Raises Missing, Conflict (handed_in), Invalid (incomplete: each node)."""
    desk = reads.behind(code)
    if not desk.may_write:
        raise Conflict("handed_in", _("已经提交或截止，不能再改。"))
    _complete(desk)
    with transaction.atomic():
        _writable(code, submitted_at=clock.now())
        _complete(reads.behind(code))  # what was saved beside us meanwhile must be whole too


def _complete(desk: reads.Desk) -> None:
    lacks = {
        q.node.code: [_("%(name)s：%(why)s") % {"name": q.node.name, "why": why}]
        for q in desk.questions if (why := reads.wanting(desk.view, q, desk.said.get(q.node.code)))
    }  # fmt: skip
    if lacks:
        raise Invalid("incomplete", _("还有 %(n)s 项没有填好。") % {"n": len(lacks)}, fields=lacks)


# --- adoption -------------------------------------------------------------------------------------------------


def adopt(*, actor: Actor, questionnaire_id: int, name: str, accept_inconsistent: bool = False) -> int:
    """What experts said as a way to compute: all budgets, or all comparisons in one table; their spread as a factor.

    Returns the scenario's id. Raises Forbidden, Missing, Conflict (still_open, name_taken), Invalid (no_answers,
    inconsistent: the pooled CR is 0.1 or more and was not accepted).
    """
    row = _one(actor, questionnaire_id)
    found = reads.results(actor=actor, questionnaire_id=row.pk)
    if not found or not all(o.opinions for o in found):
        raise Invalid("no_answers", _("还没有专家提交，没有可采用的意见。"))
    apart = [o for o in found if o.ratio is not None and o.ratio >= opinions.CR_LIMIT]
    if apart and not accept_inconsistent:
        names = _("、").join(f"{o.question.node.name}（CR {o.ratio:.2f}）" for o in apart)
        text = _("合并后的比较不一致：%(names)s。要采用请明确勾选。") % {"names": names}
        raise _wrong("inconsistent", text, "accept_inconsistent")
    view = frameworks.framework(actor=actor, framework_id=row.framework_id)
    document, varied = _document(view, found, row.total, bool(apart))
    made = results.save_scenario(
        actor=actor, framework_id=view.id, name=name, document=document, factors=varied,
        note=_("采用专家咨询“%(title)s”，%(n)s 位专家。") % {"title": row.title, "n": len(found[0].opinions)},
    )  # fmt: skip
    with transaction.atomic():
        _say(actor, row, "adopt", scenario=made.pk)
    return made.pk


def _document(
    view: frameworks.FrameworkView, found: Sequence[reads.Outcome], total: int, accept: bool
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The framework's scenario with the experts' weights at the nodes, and its factors with each expert's own."""
    rules: dict[str, Any] = {}
    choices: list[Choice] = []
    for outcome in found:
        node, codes = outcome.question.node, tuple(c.code for c in outcome.question.children)
        label = _("专家意见：%(name)s") % {"name": node.name}
        own = {
            _("专家 %(n)s") % {"n": o.seat}: dict(zip(codes, o.shares, strict=True)) for o in outcome.opinions
        }  # fmt: skip
        if outcome.together is None:
            rule: Any = Budget({who: {c: total * s for c, s in w.items()} for who, w in own.items()}, float(total))
            choices.append(experts(label, node.code, rule))
        else:
            rule = Ahp(codes, tuple(tuple(float(v or 1) for v in row) for row in outcome.together), accept)
            patch = {who: {f"weigh.at.{node.code}": Manual(w)} for who, w in own.items()}
            choices.append(Choice(label, tuple(Option(who, p) for who, p in patch.items())))
        rules[node.code] = documents.plain(rule)
    scenario: Scenario = documents.scenario_of(view.scenario)
    document = documents.scenario_doc(scenario)
    document["weigh"]["at"] = {**document["weigh"]["at"], **rules}
    kept = _besides(documents.factors_of(view.factors), view.rows, set(rules))
    return document, documents.factors_doc([*kept, *(c for c in choices if len(c.options) > 1)])


def _besides(factors: Sequence[Any], rows: Sequence[trees.Row], nodes: set[str]) -> list[Any]:
    """Noise on weights stays where no expert spoke: opinions vary instead of it, not on top of it."""
    tree = trees.engine_tree(rows)
    told = {tree.level[child] for node in nodes for child in tree.children[node]}
    every = {tree.level[code] for code in tree.codes if code != tree.root}
    found: list[Any] = []
    for factor in factors:
        if not isinstance(factor, Noise):
            found.append(factor)
        elif left := sorted((set(factor.levels) or every) - told):
            found.append(Noise(factor.name, factor.size, tuple(left)))
    return found
