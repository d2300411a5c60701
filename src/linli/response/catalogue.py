"""Classes, limits and routes as this process keeps them: plain values, no query once loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Invalid
from linli.core.reference import Reference
from linli.flow.rules import PLAIN, Variant, variant_from
from linli.worktime.rules import Limit, Unit

from .ladder import Rung
from .models import CaseClass, LadderRule, Revision, StageLimit


@dataclass(frozen=True, slots=True)
class ClassView:
    """One published class. `id` is its type version."""

    id: int
    code: str
    name_zh: str
    name_en: str
    top_code: str
    top_name_zh: str
    top_name_en: str
    object: str
    dwelling: bool
    urgency: str
    limit: Limit
    words: str
    initials: str
    provenance: str
    source: str
    limit_provenance: str
    limit_source: str
    state: str
    tree: str = "event"
    level: str = "subdistrict"
    themes: tuple[str, ...] = ()
    filing: str = ""
    closing: str = ""
    variant: Variant = PLAIN
    number: int = 1  # the n-th version of this code
    starts_on: date | None = None  # a draft that is settled for this day
    ends_on: date | None = None
    limit_code: str = ""  # of the earlier class whose limit stays in force for one case

    @property
    def name(self) -> str:
        return self.name_zh if (get_language() or "zh").startswith("zh") else self.name_en

    @property
    def top_name(self) -> str:
        return self.top_name_zh if (get_language() or "zh").startswith("zh") else self.top_name_en


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that filing and deadlines ask. Who answers for a case is the business of `routing`."""

    by_id: Mapping[int, ClassView]
    by_code: Mapping[str, ClassView]  # published ones only
    limits: Mapping[tuple[str, str], Limit]  # (stage, urgency)
    ladder: tuple[Rung, ...] = ()
    limit_sources: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)  # provenance, source


def initials_of(text: str) -> str:
    """Pinyin initials, all readings of each character: '重' gives z and c."""
    from pypinyin import Style, pinyin  # half a second of tables that only loading a catalogue needs

    letters = [sorted({r[:1] for r in readings if r}) for readings in pinyin(text, style=Style.NORMAL, heteronym=True)]
    spelled = {""}
    for options in letters:
        spelled = {s + o for s in spelled for o in options}
        if len(spelled) > 16:
            spelled = set(sorted(spelled)[:16])
    return " ".join(sorted(spelled))[:200]


def _view(row: CaseClass) -> ClassView:
    return ClassView(
        id=row.pk,
        code=row.code,
        name_zh=row.name,
        name_en=row.name_en,
        top_code=row.top_code,
        top_name_zh=row.top_name,
        top_name_en=row.top_name_en,
        object=row.object,
        dwelling=row.dwelling,
        urgency=row.urgency,
        limit=Limit(row.handle_amount, Unit(row.handle_unit)),
        words=row.words,
        initials=row.initials,
        provenance=row.provenance,
        source=row.source,
        limit_provenance=row.limit_provenance,
        limit_source=row.limit_source,
        state=row.type_version.state,
        tree=row.tree,
        level=row.level,
        themes=tuple(row.themes.split()),
        filing=row.filing,
        closing=row.closing,
        variant=variant_from(row.type_version.variant),
        number=row.number,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
    )


def _load(_revision: object) -> Catalogue:
    views = [_view(row) for row in CaseClass.objects.select_related("type_version").order_by("code")]
    limits = list(StageLimit.objects.all())
    return Catalogue(
        by_id={v.id: v for v in views},
        by_code={v.code: v for v in views if v.state == "published"},
        limits={(r.stage, r.urgency): Limit(r.amount, Unit(r.unit)) for r in limits},
        limit_sources={(r.stage, r.urgency): (r.provenance, r.source) for r in limits},
        ladder=tuple(
            Rung(r.order, r.trigger, r.stage, r.urgency, r.amount, r.unit, r.act, r.provenance, r.source)
            for r in LadderRule.objects.order_by("order")
        ),
    )


def _revision() -> Any:
    return Revision.objects.filter(pk=1).values_list("number", flat=True).first() or 0


_catalogue = Reference(_revision, _load)


def catalogue() -> Catalogue:
    """The catalogue as published now."""
    return _catalogue.get()


def view_of(known: Catalogue, class_id: int, limit_id: int | None) -> ClassView:
    """The class of a case; with the limit of an earlier one, where that stays in force (`Case.limit_class`)."""
    view = known.by_id[class_id]
    if limit_id is None:
        return view
    earlier = known.by_id[limit_id]
    return replace(
        view,
        limit=earlier.limit,
        limit_provenance=earlier.limit_provenance,
        limit_source=earlier.limit_source,
        limit_code=earlier.code,
    )


def class_for(known: Catalogue, code: str) -> ClassView:
    """The published class with this code. Raises Invalid."""
    view = known.by_code.get(code)
    if view is None:
        sentence = _("请选择问题类型。")
        raise Invalid("unknown_class", sentence, fields={"class_code": [sentence]})
    return view


def forget() -> None:
    """After a change in this process."""
    _catalogue.forget()
