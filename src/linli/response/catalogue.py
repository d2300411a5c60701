"""Classes, limits and routes as this process keeps them: plain values, no query once loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

from linli.core.reference import Reference
from linli.worktime.rules import Limit, Unit

from .models import CaseClass, Revision, Route, StageLimit


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

    @property
    def name(self) -> str:
        return self.name_zh if (get_language() or "zh").startswith("zh") else self.name_en

    @property
    def top_name(self) -> str:
        return self.top_name_zh if (get_language() or "zh").startswith("zh") else self.top_name_en


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that routing and deadlines ask."""

    by_id: Mapping[int, ClassView]
    by_code: Mapping[str, ClassView]  # published ones only
    limits: Mapping[tuple[str, str], Limit]  # (stage, urgency)
    routes: Mapping[tuple[str, str], int]  # (division, class prefix) -> body id

    def route(self, divisions: tuple[str, ...], class_code: str) -> int | None:
        """The body for a class in the narrowest of `divisions` (narrow first); None is a gap."""
        for division in divisions:
            for prefix in (class_code, class_code[:2], ""):
                body = self.routes.get((division, prefix))
                if body is not None:
                    return body
        return None


@dataclass(frozen=True, slots=True)
class RouteView:
    """One line of the routing table, as it is shown."""

    division: str
    class_prefix: str
    body_id: int
    provenance: str
    source: str


def route_views() -> tuple[RouteView, ...]:
    """The routing table with its provenance (1 SQL), by division and class."""
    rows = Route.objects.order_by("division", "class_prefix")
    return tuple(RouteView(r.division, r.class_prefix, r.body_id, r.provenance, r.source) for r in rows)


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
    )


def _load(_revision: object) -> Catalogue:
    views = [_view(row) for row in CaseClass.objects.select_related("type_version").order_by("code")]
    return Catalogue(
        by_id={v.id: v for v in views},
        by_code={v.code: v for v in views if v.state == "published"},
        limits={(r.stage, r.urgency): Limit(r.amount, Unit(r.unit)) for r in StageLimit.objects.all()},
        routes={(r.division, r.class_prefix): r.body_id for r in Route.objects.all()},
    )


def _revision() -> Any:
    return Revision.objects.filter(pk=1).values_list("number", flat=True).first() or 0


_catalogue = Reference(_revision, _load)


def catalogue() -> Catalogue:
    """The catalogue as published now."""
    return _catalogue.get()


def forget() -> None:
    """After a change in this process."""
    _catalogue.forget()
