"""Statistical series: what is counted, in which unit and by which calibre."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from linli.core.errors import Invalid

from ..models import Series, SeriesName


@dataclass(frozen=True, slots=True)
class SeriesView:
    """A series as its table holds it (models.Series)."""

    code: str
    concept: str
    name: str
    name_en: str
    symbol: str
    calibre: str
    calibre_name: str
    definition: str
    origin: str
    adds_up: bool
    parts: tuple[str, ...]
    order: int
    provenance: str
    source: str


def _view(row: Series) -> SeriesView:
    return SeriesView(
        row.code, row.concept, row.name, row.name_en, row.symbol, row.calibre, row.calibre_name, row.definition,
        row.origin, row.adds_up, tuple(row.parts), row.order, row.provenance, row.source,
    )  # fmt: skip


def series(codes: Iterable[str] | None = None) -> dict[str, SeriesView]:
    """Code -> series in their order; all of them without `codes`. A code that is not known is not among them."""
    rows = Series.objects.all() if codes is None else Series.objects.filter(code__in=list(codes))
    return {r.code: _view(r) for r in rows.order_by("order", "code")}


def headings() -> dict[str, str]:
    """Plain heading -> code of the series it means."""
    return dict(SeriesName.objects.values_list("plain", "series__code"))


def headings_of(code: str) -> list[str]:
    return list(SeriesName.objects.filter(series__code=code).order_by("text").values_list("text", flat=True))


def one_calibre(codes: Iterable[str]) -> None:
    """Refuse series that count one thing by two calibres on one line or in one column. Raises Invalid (calibres_mixed)."""
    seen: dict[str, SeriesView] = {}
    for view in series(codes).values():
        other = seen.setdefault(view.concept, view)
        if other.calibre != view.calibre:
            words = {
                "name": other.name, "one": other.calibre_name or _("口径未注明"),
                "two": view.calibre_name or _("口径未注明"),
            }  # fmt: skip
            raise Invalid(
                "calibres_mixed",
                _("“%(name)s”有两个口径，不能放在一起：%(one)s，%(two)s。") % words,
                fields={"series": [f"{other.code}, {view.code}"]},
            )
