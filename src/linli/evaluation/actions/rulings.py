"""What somebody decides about a finding: the figures are right after all, or are not used. Never rewritten, only ended."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core import clock
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing

from .. import permissions
from ..choices import RulingKind
from ..models import Ruling, Series
from ..queries import checks


def rule(*, actor: Actor, series: str, year: int, finding: str, kind: str, reason: str, unit: str = "") -> int:
    """Accept or exclude what a finding is about. Raises Forbidden, Missing, Invalid, Conflict (already_ruled)."""
    permissions.can_work(actor).or_forbidden()
    row = Series.objects.filter(code=series).first()
    if row is None:
        raise Missing("no_such_series", _("没有这个指标。"))
    if not reason.strip():
        text = _("请写明裁定的理由。")
        raise Invalid("reason_needed", text, fields={"reason": [text]})
    if kind not in RulingKind.values or finding not in checks.CODES or not 1900 <= year <= 2200:
        raise Invalid("not_a_choice", _("请选一个列出的选项。"), fields={"kind": [_("请选一个列出的选项。")]})
    facts = {"series": series, "year": year, "unit": unit, "finding": finding, "kind": kind}
    try:
        with transaction.atomic():
            made = Ruling.objects.create(
                series=row, year=year, unit=unit, finding=finding, kind=kind, reason=reason.strip()[:300], by=actor.label,
                at=clock.now(),
            )  # fmt: skip
            record(actor=actor, verb=AuditVerb.OTHER, target="statistics", change="rule", why=made.reason, **facts)
    except IntegrityError:
        raise Conflict("already_ruled", _("已经有人裁定过。")) from None
    return made.pk


def end(*, actor: Actor, id: int) -> None:
    """Take a ruling back. Raises Forbidden, Missing, Conflict."""
    permissions.can_work(actor).or_forbidden()
    row = Ruling.objects.select_related("series").filter(pk=id).first()
    if row is None:
        raise Missing("no_such_ruling", _("没有这项裁定。"))
    with transaction.atomic():
        if not Ruling.objects.filter(pk=id, ended_at=None).update(ended_by=actor.label, ended_at=clock.now()):
            raise Conflict("already_ended", _("这项裁定已经收回。"))
        facts = {"series": row.series.code, "year": row.year, "unit": row.unit, "finding": row.finding}
        record(actor=actor, verb=AuditVerb.OTHER, target="statistics", change="unrule", **facts)
