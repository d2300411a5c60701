"""Names by which files call units, remembered with a line in the administrative record."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from linli.accounts.actions import record
from linli.accounts.choices import AuditVerb
from linli.core.actor import Actor
from linli.core.errors import Conflict, Invalid, Missing

from .. import permissions
from ..choices import NameKind
from ..models import Series, SeriesName, Unit, UnitName
from ..rules import plain_name


def name_unit(*, actor: Actor, code: str, text: str, source: str = "", kind: str = NameKind.SHORT) -> None:
    """Remember a text as a name of a unit. Raises Forbidden, Missing, Invalid, Conflict (names_taken)."""
    permissions.can_work(actor).or_forbidden()
    plain = plain_name(text)[:80]
    if not plain or kind not in NameKind.values:
        raise Invalid("not_a_name", _("请填写名称。"), fields={"text": [_("请填写名称。")]})
    unit = Unit.objects.filter(code=code).first()
    if unit is None:
        raise Missing("no_such_unit", _("没有这个地区。"))
    with transaction.atomic():
        if UnitName.objects.filter(plain=plain).exclude(unit=unit).exists():
            raise Conflict("names_taken", _("“%(text)s”已经是另一个地区的名称。") % {"text": text})
        _row, fresh = UnitName.objects.get_or_create(
            unit=unit, plain=plain, defaults={"text": text.strip()[:80], "kind": kind, "source": source[:400]}
        )
        if fresh:
            record(actor=actor, verb=AuditVerb.OTHER, target="statistics", change="unit_name", unit=code, text=text)


def name_series(*, actor: Actor, code: str, text: str, source: str = "") -> None:
    """Remember a heading as a name of a series. Raises Forbidden, Missing, Conflict (names_taken)."""
    permissions.can_work(actor).or_forbidden()
    series = Series.objects.filter(code=code).first()
    if series is None:
        raise Missing("no_such_series", _("没有这个指标。"))
    with transaction.atomic():
        named, fresh = SeriesName.objects.get_or_create(
            plain=plain_name(text)[:160], defaults={"series": series, "text": text[:160], "source": source[:400]}
        )
        if named.series_id != series.pk:
            raise Conflict("names_taken", _("“%(text)s”已经是另一个指标的名称。") % {"text": text})
        if fresh:
            record(actor=actor, verb=AuditVerb.OTHER, target="statistics", change="series_name", series=code, text=text)
