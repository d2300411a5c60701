"""On the spot (自行处置): what a grid worker finds and mends at once, before and after in one sending."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.errors import Forbidden, Invalid, Missing
from linli.flow.rules import narrow

from ..catalogue import catalogue, class_for
from ..models import Case
from ..rules import CASE
from .chain import Receipt, Report, Step, move_case, receipt_for, report_case


def may_be_mended(class_code: str) -> bool:
    """Whether the class lets a grid worker mend what he finds."""
    view = catalogue().by_code.get(class_code)
    return view is not None and "mend" in narrow(CASE, view.variant).moves


def report_and_mend(*, actor: Actor, report: Report, result: str, after_keys: Sequence[str]) -> Receipt:
    """Open a case and record that it is mended, in one transaction: photographs of before and after, and what was done.

    Then the dice decide: drawn, another party verifies; spared, it is closed. The same `client_key` answers with the
    first receipt and mends nothing twice. Raises Invalid (fields: class_code, photo, after, result, place), Forbidden.
    """
    view = class_for(catalogue(), report.class_code)
    if not may_be_mended(view.code):
        raise _asks("not_on_the_spot", "class_code", _("这一类不能自行处置，请去掉“我已当场处理”再上报。"))
    if not report.photo_keys:
        raise _asks("before_missing", "photo", _("自行处置要有处理前的照片。"))
    if not after_keys:
        raise _asks("after_missing", "after", _("自行处置要有处理后的照片。"))
    if set(after_keys) & set(report.photo_keys):
        raise _asks("same_photo", "after", _("处理前和处理后不能用同一张照片。"))
    if not result.strip():
        raise _asks("need_missing", "result", _("请写明怎么处理的。"))
    with transaction.atomic():
        receipt = report_case(actor=actor, report=report)
        if receipt.repeated:
            return receipt
        case = Case.objects.select_related("matter").get(pk=receipt.matter_id)
        step = Step("mend", case.matter.version, result, photo_keys=list(after_keys))
        try:
            move_case(actor=actor, case=case, step=step)
        except (Forbidden, Missing):
            raise _asks("not_yours", "place", _("这个地点不在您的辖区，请去掉“我已当场处理”再上报。")) from None
    return receipt_for(case.matter, view=view)


def _asks(code: str, field: str, sentence: object) -> Invalid:
    return Invalid(code, sentence, fields={field: [sentence]})
