"""What a survey says: statements with their matrix and bounds, two matrices apart from each other, resources, workbooks."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, xlsx_response
from linli.territory import queries as territory

from .. import permissions, rules
from ..choices import SurveyState
from ..queries import sheets
from ..queries import surveys as read
from ..queries.catalogue import ItemView
from ..rules import Matrix, Statement
from .records import division_of, named

MATRICES = {Matrix.PROVIDED: gettext_lazy("提供情况"), Matrix.FULFILLED: gettext_lazy("满足度")}
SENTENCES = {
    "fulfilled_most": gettext_lazy("满足度平均达到 90% 的小类"),
    "fulfilled_whole": gettext_lazy("满足度达到 100% 的小类"),
    "items_everywhere": gettext_lazy("全部社区都提供的小类"),
    "communities_complete": gettext_lazy("提供全部小类的社区"),
}
OFFERS = {
    0: gettext_lazy("未提供"),
    1: gettext_lazy("提供"),
    2: pgettext_lazy("service", "暂停"),
    read.UNANSWERED: gettext_lazy("缺"),
}
CHANGES = 10


@require_safe
@require(*permissions.READ_KINDS)
def results(request: ActorRequest, survey_id: int) -> HttpResponse:
    """`?matrix=`, `?class=`, `?division=` choose a table; `?with=` another survey to compare with."""
    row = read.survey(actor=request.actor, survey_id=survey_id)
    found, division = read.answered(survey_id), division_of(request)
    classes = [i for i in found.catalogue.items if not i.parent]
    chosen = next((c for c in classes if c.code == request.GET.get("class")), classes[0] if classes else None)
    matrix = Matrix.FULFILLED if request.GET.get("matrix") == Matrix.FULFILLED else Matrix.PROVIDED
    others = [s for s in read.surveys(actor=request.actor) if s.pk != row.pk and s.state != SurveyState.DRAFT]
    other = next((s for s in others if str(s.pk) == request.GET.get("with")), None)
    columns = [k for k, i in enumerate(found.items) if chosen and i.code.startswith(chosen.code)]
    context = {
        "survey": row, "catalogue": found.catalogue, "division": division, "divisions": territory.divisions(9, row.district),
        "here": territory.division_name(division or row.district), "matrix": str(matrix), "matrices": MATRICES.items(),
        "statements": _sayings(read.statements(survey_id, division), read.statements(other.pk, division) if other else ()),
        "classes": classes, "chosen": chosen, "others": others, "other": other,
        "items": [(found.items[k], named(found.items[k])) for k in columns],
        "lines": _lines(request, found, matrix, division, columns),
        "moved": read.moved(survey_id, other.pk)[:CHANGES] if other else (), "calibre": _calibre(found, division),
        "rest": f"division={division}&with={other.pk if other else ''}",
    }  # fmt: skip
    return render(request, "circle/surveys_results.html", context)


def _sayings(now: tuple[Statement, ...], then: tuple[Statement, ...]) -> list[dict[str, Any]]:
    before = {s.key: s for s in then}
    return [
        {"text": SENTENCES[s.key], "statement": s, "matrix": MATRICES[s.matrix],
         "bounds": _bounds(s), "then": before.get(s.key)}
        for s in now
    ]  # fmt: skip


def _bounds(s: Statement) -> str:
    """From … to …, where data is missing."""
    bounds = s.bounds
    if bounds is None or not s.missing:
        return ""
    return _("缺的都算没有到都算有：%(low)s 到 %(high)s") % {
        "low": rules.percent_said(bounds[0]), "high": rules.percent_said(bounds[1])
    }  # fmt: skip


def _calibre(found: read.Answered, division: str) -> dict[str, int]:
    """What the numbers rest on: communities, sheets handed in, cells answered and reported."""
    here = np.array([c.startswith(division) for c in found.communities], bool)
    offer, percent = found.offer[here], found.percent[here]
    return {
        "communities": int(here.sum()), "submitted": int(found.submitted[here].sum()), "items": len(found.items),
        "cells": offer.size, "answered": int((offer != read.UNANSWERED).sum()), "reported": int(np.isfinite(percent).sum()),
    }  # fmt: skip


def _lines(
    request: ActorRequest, found: read.Answered, matrix: Matrix, division: str, columns: list[int]
) -> list[dict[str, Any]]:
    """Subdistricts of the district, or the communities of a subdistrict, over the sub-items of a class."""
    size = 12 if division else 9
    places: dict[str, list[int]] = {}
    for n, code in enumerate(found.communities):
        if code.startswith(division):
            places.setdefault(code[:size], []).append(n)
    lines = []
    for code, rows in places.items():
        cells = [_cell(found, matrix, rows, k, whole=size == 12) for k in columns]
        opens = size == 12 and bool(permissions.can_see_sheet(request.actor, code))
        lines.append({"code": code, "name": territory.division_name(code), "cells": cells, "opens": opens})
    return lines


def _cell(found: read.Answered, matrix: Matrix, rows: list[int], k: int, *, whole: bool) -> dict[str, Any]:
    if matrix is Matrix.FULFILLED:
        values = found.percent[rows, k]
        known = values[np.isfinite(values)]
        lost = len(rows) - len(known)
        mean = float(known.mean()) if len(known) else None
        mark = "missing" if mean is None else "yes" if mean >= read.MOST else "mid" if mean >= 60 else "no"
        return {"text": "" if mean is None else f"{mean:.0f}%", "mark": mark, "lost": 0 if whole else lost}
    offer = found.offer[rows, k]
    if whole:
        said = int(offer[0])
        return {"text": OFFERS[said], "mark": {1: "yes", 0: "no", 2: "no"}.get(said, "missing"), "lost": 0}
    said_n, yes = int((offer != read.UNANSWERED).sum()), int((offer == 1).sum())
    mark = "missing" if not said_n else "yes" if yes == said_n else "mid" if yes * 2 >= said_n else "no"
    return {"text": f"{yes}/{said_n}" if said_n else "", "mark": mark, "lost": len(rows) - said_n}


@require_safe
@require(*permissions.READ_KINDS)
def results_xlsx(request: ActorRequest, survey_id: int) -> HttpResponse:
    """Three sheets: statements, and each matrix for itself."""
    row = read.survey(actor=request.actor, survey_id=survey_id)
    found, division = read.answered(survey_id), division_of(request)
    here = [(n, c) for n, c in enumerate(found.communities) if c.startswith(division)]
    head = (Column("code", _("社区编码"), "Code", Kind.CODE), Column("name", _("社区"), "Community", width=20))
    offers = [[c, territory.division_name(c), *(str(OFFERS[int(v)]) for v in found.offer[n])] for n, c in here]
    percents = [
        [c, territory.division_name(c), *(int(v) if np.isfinite(v) else None for v in found.percent[n])]
        for n, c in here
    ]
    pages = [
        Sheet(_("结论"), _statement_columns(), [_statement_row(s) for s in read.statements(survey_id, division)]),
        Sheet(str(MATRICES[Matrix.PROVIDED]), (*head, *(_item_column(i) for i in found.items)), offers),
        Sheet(
            str(MATRICES[Matrix.FULFILLED]), (*head, *(_item_column(i, Kind.INTEGER) for i in found.items)), percents
        ),
    ]
    about = [
        (_("调查"), f"{row.year} {row.name}"), (_("模拟数据"), _("是") if row.simulated else _("否")),
        (_("目录"), found.catalogue.name), (_("口径"), _("未提交社区已填的项也计入；没有填的是数据缺失，不当作没有。")),
        (_("满足度"), _("按社区所报，不由提供情况或步行可达推算。")),
    ]  # fmt: skip
    return cast(HttpResponse, xlsx_response(f"{row.year}-{_('调查结果')}-{clock.today()}", pages, about=about))


def _item_column(item: ItemView, kind: Kind = Kind.TEXT) -> Column:
    return Column(item.code, f"{item.code} {item.name}", f"{item.code} {item.name_en or item.name}", kind, width=14)


def _statement_columns() -> tuple[Column, ...]:
    return (
        Column("text", _("结论"), "Statement", width=30), Column("matrix", _("出自"), "Matrix"),
        Column("number", _("个数"), "Number", Kind.INTEGER), Column("among", _("能判断的"), "Judged", Kind.INTEGER),
        Column("missing", _("数据缺失"), "Missing", Kind.INTEGER), Column("percent", _("百分比"), "Per cent", Kind.DECIMAL),
        Column("low", _("下界"), "Lower bound", Kind.DECIMAL), Column("high", _("上界"), "Upper bound", Kind.DECIMAL),
    )  # fmt: skip


def _statement_row(s: Statement) -> dict[str, Any]:
    low, high = s.bounds or (None, None)
    rounded = {
        k: None if v is None else round(v, 1) for k, v in {"percent": s.percent, "low": low, "high": high}.items()
    }
    return {"text": str(SENTENCES[s.key]), "matrix": str(MATRICES[s.matrix]), "number": s.number, "among": s.among,
            "missing": s.missing, **rounded}  # fmt: skip


# --- resources ------------------------------------------------------------------------------------------------


@require_safe
@require(*permissions.READ_KINDS)
def resources(request: ActorRequest, survey_id: int) -> HttpResponse:
    """All kinds with their sums, and how many communities did not count them."""
    division = division_of(request)
    row = read.survey(actor=request.actor, survey_id=survey_id)
    groups: dict[str, list[tuple[sheets.Total, str]]] = {"organisations": [], "facilities": []}
    for total in sheets.resource_totals(actor=request.actor, survey_id=survey_id, division=division):
        groups.setdefault(total.kind.group, []).append((total, named(total.kind)))
    names = {"organisations": _("社区组织"), "facilities": _("公共服务设施")}
    context = {
        "survey": row, "division": division, "divisions": territory.divisions(9, row.district),
        "here": territory.division_name(division or row.district),
        "groups": [(names.get(g, g), rows) for g, rows in groups.items()], "kinds": sum(map(len, groups.values())),
    }  # fmt: skip
    return render(request, "circle/surveys_resources.html", context)


@require_safe
@require(*permissions.READ_KINDS)
def resources_xlsx(request: ActorRequest, survey_id: int) -> HttpResponse:
    """Every community with its counts; an empty cell was not counted."""
    row = read.survey(actor=request.actor, survey_id=survey_id)
    kinds = sheets.resource_kinds()
    columns = (
        Column("code", _("社区编码"), "Code", Kind.CODE), Column("name", _("社区"), "Community", width=20),
        *(Column(k.code, k.name, k.name_en, Kind.INTEGER, width=12) for k in kinds),
    )  # fmt: skip
    found = sheets.resource_rows(actor=request.actor, survey_id=survey_id, division=division_of(request))
    rows = [{"code": c, "name": territory.division_name(c), **counts} for c, counts in found.items()]
    about = [(_("调查"), f"{row.year} {row.name}"), (_("空格"), _("没有登记，不是零。")),
             (_("模拟数据"), _("是") if row.simulated else _("否"))]  # fmt: skip
    book = xlsx_response(
        f"{row.year}-{_('社区资源')}-{clock.today()}", [Sheet(_("社区资源"), columns, rows)], about=about
    )
    return cast(HttpResponse, book)


urls: list[URLPattern] = [
    path("circle/surveys/<int:survey_id>/results/", results, name="survey-results"),
    path("circle/surveys/<int:survey_id>/results.xlsx", results_xlsx, name="survey-results-xlsx"),
    path("circle/surveys/<int:survey_id>/resources/", resources, name="survey-resources"),
    path("circle/surveys/<int:survey_id>/resources.xlsx", resources_xlsx, name="survey-resources-xlsx"),
]
