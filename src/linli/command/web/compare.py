"""`/command/compare/`: two periods side by side, as a page, as tables, as figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Invalid, Missing
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, csv_response, write_csv, xlsx_response
from linli.territory import queries as territory

from .. import comparison, drawings, forms
from ..comparison import Comparison, Pair
from .past import KINDS, kind_name, shown

WIDE, NARROW = 600, 340
COLUMNS = (
    Column("part", gettext_lazy("部分"), "Part", width=12), Column("code", gettext_lazy("代码"), "Code", Kind.CODE),
    Column("name", gettext_lazy("名称"), "Name", width=22), Column("measure", gettext_lazy("指标"), "Measure", width=14),
    Column("now", gettext_lazy("本期"), "This period", Kind.DECIMAL), Column("before", gettext_lazy("对比期"), "Compared period", Kind.DECIMAL),
    Column("difference", gettext_lazy("差"), "Difference", Kind.DECIMAL), Column("percent", gettext_lazy("变化（%）"), "Change (%)", Kind.DECIMAL),
    Column("unit", gettext_lazy("单位"), "Unit"),
)  # fmt: skip


@require_safe
@never_cache
@require(*KINDS)
def page(request: ActorRequest) -> HttpResponse:
    """The page; what is wrong with the periods is said at their fields (422), and what was typed stays."""
    said, problem = shown(request, "compare"), None
    given = request.GET.dict()
    measure = given.get("measure", "")
    measure = measure if measure in comparison.MEASURES else "opened"
    try:
        now, before = forms.two_periods(given)
    except Invalid as refused:
        problem = refused
        now, before = forms.presets()[0].now, forms.presets()[0].before
    problem = said.problem or problem
    query = said.query | now.as_query() | before.as_query("2")
    typed = {name: given.get(name) or value for name, value in (now.as_query() | before.as_query("2")).items()}
    base = reverse("command:compare")
    context: dict[str, Any] = said.context | {
        "typed": {"from": typed["from"], "to": typed["to"], "from2": typed["from2"], "to2": typed["to2"]},
        "today": f"{clock.today()}",
        "presets": [
            (p.label, f"{base}?{urlencode(said.query | p.as_query())}", not problem and (p.now, p.before) == (now, before))
            for p in forms.presets()
        ],
    }  # fmt: skip
    if problem:
        return render(request, "command/compare.html", context | said.wrong(problem), status=422)
    found = comparison.compare(request.actor, said.ground, now, before)
    return render(request, "command/compare.html", context | told(found, now, before, measure, query))


def told(
    found: Comparison, now: forms.Asked, before: forms.Asked, measure: str, query: dict[str, str]
) -> dict[str, Any]:
    """What the template says of a comparison."""
    names = comparison.words()
    base = reverse("command:compare")
    figures = {
        width: {
            "map": comparison.map_figure(found, measure, width),
            "hours": comparison.hours_figure(found, width),
            "weekdays": comparison.weekdays_figure(found, width),
        }
        for width in (WIDE, NARROW)
    }
    level = 12 if found.ground.inside else 9
    bare = [v.name for v in territory.divisions(level, found.ground.division) if not v.has_boundary]
    return {
        "found": found,
        "now": now,
        "before": before,
        "wide": {key: mark_safe(svg) for key, svg in figures[WIDE].items()},  # noqa: S308  our own, names escaped
        "narrow": {key: mark_safe(svg) for key, svg in figures[NARROW].items()},  # noqa: S308
        "files": {key: _file_url(key, query | {"measure": measure}) for key in figures[WIDE]},
        "measures": [(names[m][0], f"{base}?{urlencode(query | {'measure': m})}#map", m == measure) for m in comparison.MEASURES],
        "measure": names[measure][0],
        "bare": bare,
        "uneven": now.days != before.days,
        "xlsx": f"{reverse('command:compare_xlsx')}?{urlencode(query)}",
        "csv": f"{reverse('command:compare_csv')}?{urlencode(query)}",
        "empty": not any((p.now or 0) + (p.before or 0) for p in found.heads if not p.share),
    }  # fmt: skip


def _file_url(key: str, query: dict[str, str]) -> dict[str, str]:
    return {
        kind: f"{reverse('command:compare_figure', args=[key, kind])}?{urlencode(query)}" for kind in ("svg", "png")
    }


def _found(request: ActorRequest) -> Comparison:
    """Raises Forbidden, Missing, Invalid."""
    given = request.GET.dict()
    return comparison.compare(request.actor, forms.ground_from(request.actor, given), *forms.two_periods(given))


# --- files ---------------------------------------------------------------------------------------------------
def rows(found: Comparison) -> Iterator[list[Any]]:
    """One line a number: of the whole, of every place and class, of every hour and weekday."""
    whole = territory.division_name(found.ground.division)
    for pair in found.heads:
        yield _line(_("总体"), found.ground.division, whole, pair)
    for part, table in ((_("各地"), found.places), (_("各类"), found.kinds)):
        for row in table:
            for pair in (row.opened, row.closed, row.rate, row.open, row.late):
                yield _line(part, row.code, row.name, pair)
    days = [_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日")]
    series = (
        (_("每小时"), [f"{h:02d}:00" for h in range(24)], found.now.hours, found.before.hours),
        (_("一周各天"), days, found.now.weekdays, found.before.weekdays),
    )
    for part, labels, now, before in series:
        for label, a, b in zip(labels, now, before, strict=True):
            yield _line(part, "", label, Pair("opened", _("受理"), a, b, "", ""))


def _line(part: str, code: str, name: str, pair: Pair) -> list[Any]:
    known = pair.now is not None and pair.before is not None
    far = round(pair.now - pair.before, 2) if known else None  # type: ignore[operator]
    change = round(100 * far / pair.before, 1) if known and pair.before and not pair.share else None  # type: ignore[operator]
    values = [None if v is None else round(v, 2) for v in (pair.now, pair.before)]
    unit = _("%，差为百分点") if pair.share else _("件")
    return [part, code, name, pair.label, *values, far, change, unit]


def about(found: Comparison) -> list[tuple[Any, Any]]:
    """What the numbers are, for the sheet 说明 and the end of a CSV."""
    lines = [
        (_("内容"), _("两个时段对比")), (_("范围"), territory.division_name(found.ground.division)),
        (_("类别"), kind_name(found.ground.kind) or _("全部大类")),
        (_("本期"), f"{found.now.first} — {found.now.last}"), (_("对比期"), f"{found.before.first} — {found.before.last}"),
        (_("截至"), found.at), (_("地点口径"), _("按现在负责的街道、社区（area），不按受理时的网格。")),
        *comparison.words().values(),
    ]  # fmt: skip
    if found.simulated:
        lines.append((_("性质"), _("含演示数据：模拟生成，不是真实事项。")))
    return lines


def _name(found: Comparison) -> str:
    return f"compare-{found.ground.division}-{found.now.first}-{found.now.last}"


@require_safe
@never_cache
@require(*KINDS)
def as_xlsx(request: ActorRequest) -> HttpResponse:
    found = _found(request)
    return cast(HttpResponse, xlsx_response(_name(found), [Sheet(_("对比"), COLUMNS, rows(found))], about=about(found)))


@require_safe
@never_cache
@require(*KINDS)
def as_csv(request: ActorRequest) -> HttpResponse:
    found = _found(request)
    last = [f"{key}：{value}" for key, value in about(found)]
    return cast(HttpResponse, csv_response(_name(found), write_csv(COLUMNS, list(rows(found)), last=last)))


@require_safe
@never_cache
@require(*KINDS)
def figure(request: ActorRequest, key: str, kind: str) -> HttpResponse:
    """A figure as SVG or PNG. Raises Missing."""
    found = _found(request)
    measure = request.GET.get("measure", "")
    if key == "map":
        svg = comparison.map_figure(found, measure if measure in comparison.MEASURES else "opened")
    elif key in ("hours", "weekdays"):
        svg = comparison.hours_figure(found) if key == "hours" else comparison.weekdays_figure(found)
    else:
        raise Missing("no_such_figure", _("没有这张图。"))
    content = drawings.png(svg) if kind == "png" else drawings.flat(svg).encode()
    response = HttpResponse(content, content_type="image/png" if kind == "png" else "image/svg+xml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_name(found)}-{key}.{kind}"'
    return response
