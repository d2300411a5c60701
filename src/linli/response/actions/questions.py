"""Two things that a call does in one transaction: a question answered at once, a report joined to what is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.errors import Forbidden
from linli.knowledge import actions as knowledge

from .. import permissions
from ..catalogue import catalogue, class_for
from ..choices import Tree
from ..models import Case
from ..rules import number_of
from ..steps.base import refuse
from .chain import Receipt, Report, Step, move_case, report_case


def answer_question(*, actor: Actor, report: Report, result: str, article: int | None = None) -> Receipt:
    """Register a question and answer it: `result` is what was said, `article` the version it was read from.

    Nothing is left behind by a refusal. Raises Invalid, Forbidden; the same `client_key` answers with the first receipt.
    """
    view = class_for(catalogue(), report.class_code)
    if view.tree != Tree.CONSULTATION or "answer" not in view.variant.chosen:
        raise refuse("not_a_question", _("这一类要办理，不能当场答复办结。"), "class_code")
    extra: dict[str, Any] = {} if article is None else {"article": article}
    return report_case(
        actor=actor,
        report=report,
        then=lambda case: move_case(actor=actor, case=case, step=Step("answer", 1, text=result, extra=extra)),
    )


def report_question(*, actor: Actor, report: Report, asked: str, then: Any = None) -> Receipt:
    """Register what `asked`, and, if it is a question that nothing answered, note the gap for who keeps answers."""
    with transaction.atomic():
        receipt = report_case(actor=actor, report=report, then=then)
        view = catalogue().by_code.get(report.class_code)
        if asked and view and view.tree == Tree.CONSULTATION and not receipt.repeated:
            knowledge.note_gap(actor=actor, text=asked)
    return receipt


def report_same(*, actor: Actor, report: Report, main: Case) -> Receipt:
    """Register one more report of `main` and merge it: the reporter has a receipt of their own.

    Nothing is left behind by a refusal. Raises Invalid, Forbidden, Conflict.
    """
    if not permissions.can_see(actor, main.matter):
        raise Forbidden("out_of_scope", _("这件事不在您的辖区。"))
    if not report.description and not report.photo_keys:
        number = number_of(main.pk, main.matter.opened_at)
        report = replace(report, description=_("与 %(number)s 是同一件事。") % {"number": number})
    return report_case(
        actor=actor,
        report=report,
        then=lambda case: move_case(actor=actor, case=case, step=Step("merge", 1, extra={"parent": main})),
    )
