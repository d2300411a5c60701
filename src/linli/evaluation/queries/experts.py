"""Questionnaires, seats, what came back. An answer is its author's alone until the questionnaire is closed.

No query here gives an answer to anybody but the holder of its code while the questionnaire is open; afterwards only
answers that were handed in are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Missing
from linli.vault import slips

from .. import opinions, permissions, trees
from ..choices import QuestionKind, QuestionnaireState
from ..models import Answer, Invitation, Questionnaire
from ..opinions import Matrix, Spread
from . import frameworks


@dataclass(frozen=True, slots=True)
class QuestionnaireView:
    """`seats`: letters that hold; `started` and `submitted`: how many of them."""

    id: int
    framework_id: int
    framework_name: str
    title: str
    note: str
    kind: str
    kind_name: str
    nodes: tuple[str, ...]
    total: int
    state: str
    state_name: str
    closes_on: date | None
    at: datetime
    seats: int = 0
    started: int = 0
    submitted: int = 0

    @property
    def takes_answers(self) -> bool:
        """Open, and its last day is not over."""
        return self.state == QuestionnaireState.OPEN and (self.closes_on is None or clock.today() <= self.closes_on)

    @property
    def missing(self) -> int:
        return self.seats - self.submitted


@dataclass(frozen=True, slots=True)
class Question:
    """A node whose children are weighed."""

    node: trees.Row
    children: tuple[trees.Row, ...]


@dataclass(frozen=True, slots=True)
class Seat:
    """One letter. Who holds it is not known here."""

    seat: int
    started: bool
    submitted: bool
    revoked: bool


def _view(row: Questionnaire) -> QuestionnaireView:
    return QuestionnaireView(
        row.pk, row.framework_id, row.framework.name, row.title, row.note, row.kind, str(row.get_kind_display()),
        tuple(row.nodes), row.total, row.state, str(row.get_state_display()), row.closes_on, row.at,
        getattr(row, "seat_count", 0), getattr(row, "started_count", 0), getattr(row, "submitted_count", 0),
    )  # fmt: skip


_HOLDS = Q(invitations__revoked_at=None)
_COUNTED = {
    "seat_count": Count("invitations", filter=_HOLDS),
    "started_count": Count("invitations", filter=_HOLDS & Q(invitations__started_at__isnull=False)),
    "submitted_count": Count("invitations", filter=_HOLDS & Q(invitations__submitted_at__isnull=False)),
}


def questionnaires(*, actor: Actor) -> list[QuestionnaireView]:
    """All, newest first, with how many seats answered; no answers. Raises Forbidden."""
    permissions.can_see_drafts(actor).or_forbidden()
    rows = Questionnaire.objects.select_related("framework").annotate(**_COUNTED)
    return [_view(q) for q in rows.order_by("-at", "-pk")]


def questionnaire(*, actor: Actor, questionnaire_id: int) -> QuestionnaireView:
    """One of them. Raises Forbidden, Missing."""
    permissions.can_see_drafts(actor).or_forbidden()
    row = Questionnaire.objects.select_related("framework").annotate(**_COUNTED).filter(pk=questionnaire_id).first()
    if row is None:
        raise Missing("no_such_questionnaire", _("没有这份专家咨询。"))
    return _view(row)


def seats(*, actor: Actor, questionnaire_id: int) -> list[Seat]:
    """Its letters: handed in or not, never what is in them. Raises Forbidden."""
    permissions.can_see_drafts(actor).or_forbidden()
    rows = Invitation.objects.filter(questionnaire=questionnaire_id).order_by("seat")
    return [
        Seat(r.seat, r.started_at is not None, r.submitted_at is not None, r.revoked_at is not None) for r in rows
    ]  # fmt: skip


def questions(view: QuestionnaireView) -> list[Question]:
    """The nodes that are asked about, with their children, in the order of the tree."""
    rows = frameworks.rows_of(view.framework_id)
    return [
        Question(r, tuple(c for c in rows if c.parent == r.code)) for r in rows if r.code in set(view.nodes)
    ]  # fmt: skip


def askable(framework_id: int, kind: str) -> list[Question]:
    """The nodes of a framework that can be asked about: two children at least, and not more than one can compare."""
    rows = frameworks.rows_of(framework_id)
    found = [Question(r, tuple(c for c in rows if c.parent == r.code)) for r in rows]
    return [q for q in found if 2 <= len(q.children) <= opinions.CHILDREN_MOST[kind]]


# --- what the holder of a code sees ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """What a seat has said about a node so far."""

    points: Mapping[str, float] | None
    matrix: opinions.Matrix | None
    ratio: float | None
    accepted: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """What lies behind a code: the questionnaire, its questions, this seat's own answers."""

    view: QuestionnaireView
    seat: int
    submitted: bool
    questions: tuple[Question, ...]
    said: Mapping[str, Said]

    @property
    def may_write(self) -> bool:
        return not self.submitted and self.view.takes_answers

    def is_done(self, question: Question) -> bool:
        """Whether the answer to one node could be handed in as it is."""
        return not wanting(self.view, question, self.said.get(question.node.code))

    @property
    def done(self) -> int:
        return sum(self.is_done(q) for q in self.questions)


def wanting(view: QuestionnaireView, question: Question, said: Said | None) -> str:
    """Why an answer cannot be handed in yet; "" where it can."""
    if said is None:
        return _("还没有填。")
    if view.kind == QuestionKind.BUDGET:
        codes = [c.code for c in question.children]
        left = view.total - opinions.spent(said.points or {}, codes)
        return (
            ""
            if abs(left) < 1e-6
            else _("要正好分完 %(total)s 分，现在还差 %(left)s 分。") % {"total": view.total, "left": f"{left:g}"}
        )
    if said.matrix is None or len(said.matrix) != len(question.children) or not opinions.is_whole(said.matrix):
        return _("还有没比较的。")
    if (said.ratio or 0.0) >= opinions.CR_LIMIT and not said.accepted:
        return _("前后不太一致（CR %(cr)s），请调整，或者勾选“仍按这样提交”。") % {"cr": f"{said.ratio:.2f}"}
    return ""


def unusable() -> Missing:
    """One sentence for every code that does not let in."""
    return Missing("code_unusable", _("这个咨询码现在不能用：可能输错了，已经作废，或者咨询还没有开始。"))


def behind(code: str) -> Desk:
    """The desk of a seat. Raises Missing, the same for every code that opens nothing."""
    marks = slips.marks(code) if code else ()
    row = Invitation.objects.filter(mark__in=marks, revoked_at=None).select_related("questionnaire__framework").first()
    if row is None or row.questionnaire.state == QuestionnaireState.DRAFT:
        raise unusable()
    view = _view(row.questionnaire)
    return Desk(view, row.seat, row.submitted_at is not None, tuple(questions(view)), _said(row.pk))


def _said(invitation_id: int) -> dict[str, Said]:
    rows = Answer.objects.filter(invitation=invitation_id)
    return {r.node: Said(r.points, r.matrix, r.ratio, r.accepted) for r in rows}


# --- results --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opinion:
    """One seat's shares of a node's children; `ratio` is CR where they were compared."""

    seat: int
    shares: tuple[float, ...]
    ratio: float | None
    points: Mapping[str, float]
    matrix: opinions.Matrix | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A node: who said what, their spread, and, for comparisons, the table of all together."""

    question: Question
    opinions: tuple[Opinion, ...]
    spread: tuple[Spread, ...]
    together: Matrix | None
    ratio: float | None
    shares: tuple[float, ...]


def results(*, actor: Actor, questionnaire_id: int) -> list[Outcome]:
    """What was handed in, once closed. Raises Forbidden, Missing, Conflict (still_open)."""
    view = questionnaire(actor=actor, questionnaire_id=questionnaire_id)
    if view.state != QuestionnaireState.CLOSED:
        raise Conflict("still_open", _("截止以前只有填写人自己能看到他的答案。"))
    rows = Answer.objects.filter(
        invitation__questionnaire=view.id, invitation__submitted_at__isnull=False, invitation__revoked_at=None
    ).select_related("invitation")
    by_node: dict[str, list[Answer]] = {}
    for row in rows.order_by("invitation__seat"):
        by_node.setdefault(row.node, []).append(row)
    return [_outcome(view, q, by_node.get(q.node.code, [])) for q in questions(view)]


def _outcome(view: QuestionnaireView, question: Question, rows: list[Answer]) -> Outcome:
    codes = [c.code for c in question.children]
    found = []
    for row in rows:
        own = (
            opinions.shares(row.points, codes) if row.points is not None else opinions.judged(row.matrix or []).weights
        )
        found.append(Opinion(row.invitation.seat, tuple(own), row.ratio, row.points or {}, row.matrix))
    if not found:
        return Outcome(question, (), (), None, None, ())
    spread = tuple(opinions.spread([o.shares for o in found]))
    if view.kind == QuestionKind.BUDGET:
        return Outcome(question, tuple(found), spread, None, None, tuple(s.mean for s in spread))
    whole = opinions.together([o.matrix for o in found if o.matrix is not None])
    all_in_one = opinions.judged(whole)
    return Outcome(question, tuple(found), spread, whole, all_in_one.ratio, all_in_one.weights)
