"""What looks wrong in the statistics, with a stable code each; and which years are not used until somebody has ruled.

A finding of a code in STOPS keeps that year of that series out of use until a ruling accepts or excludes it. A 2015 sample
survey that comes without its foot-note is found here; with it, the file itself sends the year to another series.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Max
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from ..choices import DeliveryState, RulingKind
from ..models import Delivery, Observation, Ruling
from ..rules import Column, breaks, gaps, hundredfold, jumps
from . import observations as obs
from . import units as unit_reads
from .series import SeriesView
from .series import series as all_series

TOLERANCE = 0.005  # sums of rounded figures
VINTAGE_TOLERANCE = 0.02
FEW = 5
STOPS = frozenset({"calibre_break", "percent_fraction"})
CODES = (
    "calibre_break", "percent_fraction", "parts_total", "parts_incomplete", "nation_total", "vintages_differ", "unit_jump",
    "year_gap", "misspelt",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RulingView:
    id: int
    series: str
    year: int
    unit: str
    finding: str
    kind: str
    kind_name: str
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """`unit` empty: the year as a whole. `stops`: not used until ruled. `count`: how many cells it is about."""

    code: str
    series: str
    year: int
    unit: str
    sentence: str
    count: int = 1
    ruling: RulingView | None = None

    @property
    def stops(self) -> bool:
        return self.code in STOPS and self.ruling is None


def title(code: str) -> str:
    """What a code is called."""
    return {
        "calibre_break": _("口径断层"), "percent_fraction": _("百分数与小数混用"), "parts_total": _("分项与合计不符"),
        "parts_incomplete": _("分项不全"), "nation_total": _("下级之和与上级不符"), "vintages_differ": _("两个版本不同"),
        "unit_jump": _("单个地区突变"), "year_gap": _("中间缺年"), "misspelt": _("误写的地区名"),
    }.get(code, code)  # fmt: skip


# --- findings -----------------------------------------------------------------------------------------
def stopped(codes: Iterable[str], cut: datetime | None = None) -> dict[tuple[str, int], str]:
    """(series, year) -> why its use is stopped, at the moment `cut`."""
    wanted = sorted(set(codes))
    key = (tuple(wanted), cut, get_language(), _stamp())  # the reasons are sentences
    if key not in _memory:
        if len(_memory) > 64:
            _memory.clear()
        _memory[key] = _stopped(wanted, cut)
    return _memory[key]


_memory: dict[Any, dict[tuple[str, int], str]] = {}


def _stamp() -> tuple[Any, ...]:
    """Changes with every delivery, undo and ruling."""
    d = Delivery.objects.exclude(state=DeliveryState.STAGED).aggregate(Count("pk"), Max("applied_at"), Max("undone_at"))
    r = Ruling.objects.aggregate(Count("pk"), Max("at"), Max("ended_at"))
    return (*d.values(), *r.values())


def _stopped(codes: list[str], cut: datetime | None) -> dict[tuple[str, int], str]:
    views = all_series(codes)
    table = columns_of(codes, cut)
    settled = {(r.series.code, r.year, r.finding) for r in obs.rulings_at(cut).filter(series__code__in=codes, unit="")}
    found = {}
    for code in codes:
        for f in _magnitudes(views[code], table.get(code, {})) if code in views else []:
            if (code, f.year, f.code) not in settled:
                found[code, f.year] = _("%(title)s，未经裁定不使用：%(why)s") % {
                    "title": title(f.code),
                    "why": f.sentence,
                }
    return found


def columns_of(
    codes: Iterable[str] | None = None, cut: datetime | None = None
) -> dict[str, dict[int, dict[str, float]]]:
    """Series -> year -> unit -> the value that sources state, of all years."""
    table: dict[str, dict[int, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for cell in obs.stated(series=codes, cut=cut):
        if cell.value is not None:
            table[cell.series][cell.year][cell.unit] = cell.value
    return {code: dict(years) for code, years in table.items()}


def _magnitudes(view: SeriesView, columns: Mapping[int, Column]) -> list[Finding]:
    """Years of the wrong order of magnitude; each level of units is looked at by itself."""
    found: dict[tuple[str, int], Finding] = {}
    for level in _levels(columns):
        share = view.symbol in {"%", "‰", "fraction", "比例"}
        hundred = hundredfold(level) if share else []
        for year, ratio in breaks(level).items():
            code = "percent_fraction" if year in hundred else "calibre_break"
            words = {"year": year, "times": f"{ratio:.1f}" if ratio > 1 else f"1/{1 / ratio:.1f}"}
            sentence = _("%(year)s 年各地区的数是前后几年的 %(times)s 倍") % words
            if view.calibre == "survey_1_permille" and code == "calibre_break" and ratio > 1:
                sentence += _("：该年很可能是 1% 人口抽样调查，其他年份是 1‰，口径不同")
            found[code, year] = Finding(code, view.code, year, "", sentence, len(level[year]))
    return list(found.values())


def _levels(columns: Mapping[int, Column]) -> list[dict[int, dict[str, float]]]:
    levels: dict[int, dict[int, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for year, column in columns.items():
        for unit, value in column.items():
            levels[_depth(unit)][year][unit] = value
    return [dict(years) for _d, years in sorted(levels.items())]


def _depth(unit: str) -> int:
    if len(unit) > 6:
        return len(unit)
    return 0 if unit == "100000" else 6 - (4 if unit.endswith("0000") else 2 if unit.endswith("00") else 0)


def findings(code: str = "", series: str = "") -> list[Finding]:
    """Everything found now, what stops first; with the ruling where there is one."""
    views = all_series()
    wanted = [series] if series else None
    table = columns_of(None)
    found: list[Finding] = []
    for view in views.values():
        if wanted and view.code not in wanted:
            continue
        columns = table.get(view.code, {})
        found += _magnitudes(view, columns) + _jumps(view, columns) + _gaps(view, columns)
        found += _parts(view, views, table) + _wholes(view, columns)
    found += _vintages(wanted) + ([] if series else _misspelt())
    ruled = {(r.series, r.year, r.unit, r.finding): r for r in rulings()}
    found = [replace(f, ruling=ruled.get((f.series, f.year, f.unit, f.code))) for f in found]
    order = {c: i for i, c in enumerate(CODES)}
    found.sort(key=lambda f: (not f.stops, order[f.code], f.series, f.year, f.unit))
    return [f for f in found if not code or f.code == code]


def _jumps(view: SeriesView, columns: Mapping[int, Column]) -> list[Finding]:
    if view.symbol in {"%", "‰"}:
        return []
    names = unit_reads.unit_names(None) if columns else {}
    out = []
    for level in _levels(columns):
        for year, unit, ratio in jumps(level):
            name = names[unit].short if unit in names else unit
            words = {"unit": name, "year": year, "times": f"{ratio:.2f}"}
            out.append(
                Finding(
                    "unit_jump",
                    view.code,
                    year,
                    unit,
                    _("%(unit)s %(year)s 年是上一年的 %(times)s 倍，其他地区没有这样的变化") % words,
                )
            )
    return out


def _gaps(view: SeriesView, columns: Mapping[int, Column]) -> list[Finding]:
    out = []
    for level in _levels(columns):
        if max((len(c) for c in level.values()), default=0) >= FEW:
            out += [
                Finding("year_gap", view.code, y, "", _("%(year)s 年没有数，前后都有") % {"year": y})
                for y in gaps(level)
            ]
    return out


def _parts(
    view: SeriesView, views: Mapping[str, SeriesView], table: Mapping[str, Mapping[int, Column]]
) -> list[Finding]:
    """Parts against their total, one finding a year."""
    if not view.parts or any(p not in views for p in view.parts):
        return []
    out = []
    for year, column in table.get(view.code, {}).items():
        wrong, short = [], []
        absent: set[str] = set()
        for unit, total in column.items():
            said = {p: v for p in view.parts if (v := table.get(p, {}).get(year, {}).get(unit)) is not None}
            if not said:
                continue
            gone = [p for p in view.parts if not table.get(p, {}).get(year)]
            if len(said) * 2 < len(view.parts):  # what most units print of a year, this one does not
                gone = gone or [p for p in view.parts if p not in said]
            sum_ = sum(said.values())
            if sum_ > total * (1 + TOLERANCE) or (not gone and sum_ < total * (1 - TOLERANCE)):
                wrong.append((unit, sum_ - total))
            elif sum_ < total * (1 - TOLERANCE):
                short.append(unit)
                absent |= set(gone)
        if wrong:
            unit, by = max(wrong, key=lambda w: abs(w[1]))
            words = {"year": year, "n": len(wrong), "unit": unit, "by": f"{by:+.2f}", "symbol": view.symbol}
            sentence = (
                _("%(year)s 年 %(n)s 个地区的分项之和与合计不符，相差最大的 %(unit)s 差 %(by)s %(symbol)s") % words
            )
            out.append(Finding("parts_total", view.code, year, "", sentence, len(wrong)))
        if short:
            names = [views[p].name for p in view.parts if p in absent]
            words = {"year": year, "names": _("、").join(names[:3]), "n": len(names)}
            sentence = _("%(year)s 年的分项不全，不能与合计核对：缺 %(n)s 项（%(names)s等）") % words
            out.append(Finding("parts_incomplete", view.code, year, "", sentence, len(short)))
    return out


def _wholes(view: SeriesView, columns: Mapping[int, Column]) -> list[Finding]:
    """A whole against the sum of its units, where figures add up and every unit of that year has one."""
    if not view.adds_up:
        return []
    out = []
    names = unit_reads.unit_names()
    for year, column in columns.items():
        for whole in [u for u in column if u in names]:
            inside = [u for u in names.values() if u.parent == whole and u.level in {"province", "district"}]
            inside = [u for u in inside if (u.since or 0) <= year and (u.until is None or year <= u.until)]
            if len(inside) < 2 or any(u.code not in column for u in inside):
                continue
            total, value = sum(column[u.code] for u in inside), column[whole]
            if abs(total - value) > TOLERANCE * abs(value):
                words = {
                    "year": year, "name": names[whole].short, "value": f"{value:g}", "total": f"{total:g}", "n": len(inside),
                }  # fmt: skip
                sentence = _("%(year)s 年%(name)s是 %(value)s，下面 %(n)s 个地区合计 %(total)s") % words
                out.append(Finding("nation_total", view.code, year, whole, sentence, len(inside)))
    return out


def _vintages(series: list[str] | None) -> list[Finding]:
    """Years of which two deliveries in force say different things, beyond rounding; one finding a series and year."""
    rows = Observation.objects.filter(obs.at(None), value__isnull=False)
    if series:
        rows = rows.filter(series__code__in=series)
    said: dict[tuple[str, int, str], list[float]] = defaultdict(list)
    for code, year, unit, value in rows.values_list("series__code", "year", "unit", "value"):
        if value is not None:
            said[code, year, unit].append(value)
    worst: dict[tuple[str, int], list[float]] = defaultdict(list)
    for (code, year, _unit), values in said.items():
        spread = max(values) - min(values)
        base = max(abs(v) for v in values)
        if len(values) > 1 and spread > VINTAGE_TOLERANCE * base:
            worst[code, year].append(spread / base)
    out = []
    for (code, year), shares in sorted(worst.items()):
        words = {"year": year, "n": len(shares), "share": f"{max(shares) * 100:.1f}"}
        sentence = _("%(year)s 年 %(n)s 个地区的版本相差超过 2%%，最多 %(share)s%%；用最新的版本") % words
        out.append(Finding("vintages_differ", code, year, "", sentence, len(shares)))
    return out


def _misspelt() -> list[Finding]:
    out = []
    for row in Delivery.objects.filter(state=DeliveryState.APPLIED).only("file_name", "notes"):
        for note in row.notes:
            if note.get("code") == "misspelt":
                out.append(Finding("misspelt", "", 0, "", f"{row.file_name}：{note['sentence']}"))
    return out


def rulings(*, ended: bool = False) -> list[RulingView]:
    """Rulings in force, or with `ended` those taken back, the latest first."""
    rows = Ruling.objects.select_related("series").filter(ended_at__isnull=not ended).order_by("-at", "-id")
    return [
        RulingView(
            r.pk, r.series.code, r.year, r.unit, r.finding, r.kind, str(RulingKind(r.kind).label), r.reason, r.by, r.at
        )
        for r in rows
    ]
