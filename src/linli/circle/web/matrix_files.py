"""A matrix as XLSX, CSV and GeoJSON: every community by every sub-item, its statements, where the numbers come from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.http import StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, csv_response, write_csv, xlsx_response
from linli.territory import queries as territory

from .. import network, permissions, rules
from ..choices import Depth, Provenance
from ..queries import coverage as read
from ..queries.coverage import Coverage
from ..queries.homes import network as network_in_force
from ..rules import STATE_OF, Reading
from .matrix_asked import Question, question
from .matrix_words import LABELS, READINGS, calibre, early_words, reading_words, simulated_words, statement_words


def _places() -> tuple[Column, ...]:
    return (
        Column("code", _("社区代码"), "Code", Kind.CODE), Column("subdistrict", _("街道"), "Subdistrict", width=16),
        Column("name", _("社区"), "Community", width=22),
    )  # fmt: skip


def _items(of: Coverage, kind: Kind) -> tuple[Column, ...]:
    return tuple(
        Column(i.code, f"{i.code} {i.name}", f"{i.code} {i.name_en or i.name}", kind, width=12) for i in of.items
    )


def _place(code: str) -> list[Any]:
    return [code, territory.division_name(code[:9]), territory.division_name(code)]


def _wide(asked_for: Question, values: bool) -> Iterator[list[Any]]:
    """One row a community: states in words, or per cent."""
    of = asked_for.of
    words = {s: read.said(of, s) for s in STATE_OF}
    for c, code in enumerate(of.communities):
        if code.startswith(asked_for.division):
            if values:
                yield [*_place(code), *(None if v != v else round(v, 2) for v in of.value[c].tolist())]
            else:
                yield [*_place(code), *(words[s] for s in of.state[c].tolist())]


@require_safe
@require(*permissions.READ_KINDS)
def as_xlsx(request: ActorRequest) -> Any:
    """States, per cents, rows of the catalogue, statements, 说明."""
    asked_for = question(request)
    of, division = asked_for.of, asked_for.division
    rows = (
        Column("code", _("代码"), "Code", Kind.CODE), Column("name", _("项目"), "Item", width=30), Column("below", _("小类"), "Sub-items", Kind.INTEGER),
        Column("yes", read.said(of, rules.YES), "Yes", Kind.INTEGER), Column("no", read.said(of, rules.NO), "No", Kind.INTEGER),
        Column("missing", _("数据缺失"), "Data missing", Kind.INTEGER), Column("gaps", _("缺的项次"), "Cells missing", Kind.INTEGER), Column("cells", _("项次比例，至少（%）"), "Cells, at least (%)", Kind.DECIMAL),
        Column("homes", _("住处或均值（%）"), "Homes or mean (%)", Kind.DECIMAL), Column("known", _("数据完整（%）"), "Known (%)", Kind.DECIMAL),
        Column("provenance", _("可信程度"), "Provenance"), Column("source", _("出处"), "Source", width=60),
    )  # fmt: skip
    said = (
        Column("label", _("表述"), "Statement", width=44), Column("number", _("数目"), "Number", Kind.INTEGER), Column("among", _("共"), "Of", Kind.INTEGER),
        Column("missing", _("无法判断"), "Cannot be judged", Kind.INTEGER), Column("percent", _("比例"), "Share"), Column("bounds", _("上下限"), "Bounds"),
    )  # fmt: skip
    sheets = [
        Sheet(_("状态"), (*_places(), *_items(of, Kind.TEXT)), _wide(asked_for, False)),
        Sheet(_("数值（%）"), (*_places(), *_items(of, Kind.DECIMAL)), _wide(asked_for, True)),
        Sheet(_("项目"), rows, _summary(of, division, asked_for.reading)),
        Sheet(_("表述"), said, [statement_words(s) for s in read.statements(of, division)]),
    ]
    return xlsx_response(_filename(of), sheets, about=about(of, division, asked_for.reading))


def _summary(of: Coverage, division: str, reading: Reading) -> Iterator[list[Any]]:
    labels = dict(Provenance.choices)
    for r in read.rows(of, Depth.SUB_ITEM, division, reading):
        shares = [None if v is None else round(v, 2) for v in (r.cells, r.homes, r.known)]
        yield [r.item.code, r.item.title, r.below, r.yes, r.no, r.missing, r.gaps, *shares, str(labels[r.item.provenance]), r.item.source]  # fmt: skip


def about(of: Coverage, division: str, reading: Reading = Reading.ALL) -> list[tuple[str, str]]:
    """What a file holds, by which measure, from which data."""
    lines = [
        (_("矩阵"), str(LABELS[of.matrix])), (_("口径"), calibre(of.matrix)), (_("日期"), str(of.on)),
        (_("范围"), territory.division_name(division or territory.district().code)),
        (_("目录"), f"{of.catalogue.title}（{dict(Provenance.choices)[of.catalogue.provenance]}）{of.catalogue.source}"),
    ]  # fmt: skip
    lines.append((_("几项合成一行"), f"{READINGS[reading]}：{reading_words(reading)}"))
    if of.survey is not None:
        lines.append((_("调查"), of.survey.name + (f"（{_('模拟')}）" if of.survey.simulated else "")))
    if of.pace is not None:
        grounds = network_in_force()
        lines += [
            (
                _("步行"),
                f"{of.pace.title}，{of.pace.metres_per_minute} m/min × {of.pace.minutes} min；{of.pace.source}",
            ),
            (_("覆盖标准"), f"{network.setting('least_share'):.0%}"),
            (_("路网"), f"{grounds.source}，{grounds.as_of}，{grounds.digest[:12]}" if grounds else ""),
            (_("不按步行算的项目"), str(len(of.apart))),
        ]
        if pretended := simulated_words(of.catalogue.kind, of.on):
            lines.append((_("模拟"), pretended))
        if early := early_words(of.on):
            lines.append((_("数据日期"), early))
    return [
        *lines,
        (_("比例"), _("有数据缺失时是下限：缺的数据里可能还有。")),
        (_("数据缺失"), _("不等于没有：缺住处、缺界线、没查全或没填报，都不当作城市的缺口。")),
        (_("数据"), territory.attribution()[0]),
    ]


def _filename(of: Coverage) -> str:
    return f"circle-{of.matrix.value}-{of.catalogue.code}-{of.on}"


@require_safe
@require(*permissions.READ_KINDS)
def as_csv(request: ActorRequest) -> Any:
    """One line a cell, streamed."""
    asked_for = question(request)
    of = asked_for.of
    columns = (
        *_places(), Column("item", _("项目代码"), "Item code", Kind.CODE), Column("title", _("项目"), "Item"), Column("state", _("状态"), "State"),
        Column("percent", _("比例（%）"), "Per cent", Kind.DECIMAL), Column("known", _("数据完整"), "Known", Kind.YES_NO),
    )  # fmt: skip
    return csv_response(_filename(of), write_csv(columns, _long(asked_for)))


def _long(asked_for: Question) -> Iterator[list[Any]]:
    of = asked_for.of
    for c, code in enumerate(of.communities):
        if code.startswith(asked_for.division):
            place = _place(code)
            for k, item in enumerate(of.items):
                value = float(of.value[c, k])
                yield [*place, item.code, item.title, STATE_OF[int(of.state[c, k])], None if value != value else round(value, 2), bool(of.known[c, k])]  # fmt: skip


@require_safe
@require(*permissions.READ_KINDS)
def as_geojson(request: ActorRequest) -> Any:
    """Communities with their boundary, or null where none is known, and every state; WGS-84."""
    asked_for = question(request)
    of, division = asked_for.of, asked_for.division
    response = StreamingHttpResponse(_features(of, division), content_type="application/geo+json")
    response["Content-Disposition"] = f'attachment; filename="{_filename(of)}.geojson"'
    return response


def _features(of: Coverage, division: str) -> Iterator[str]:
    shapes = {
        f["id"]: f
        for s in territory.divisions(9, territory.district().code)
        for f in json.loads(territory.boundaries_geojson(12, s.code))["features"]
    }
    head = {
        "matrix": of.matrix.value,
        "on": str(of.on),
        "catalogue": of.catalogue.code,
        "attribution": territory.attribution()[0],
    }
    yield '{"type":"FeatureCollection",' + json.dumps(head, ensure_ascii=False)[1:-1] + ',"features":['
    first = True
    for c, code in enumerate(of.communities):
        if not code.startswith(division):
            continue
        shape = shapes.get(code)
        facts = shape["properties"] if shape else {"code": code, "name": territory.division_name(code)}
        states = {i.code: STATE_OF[s] for i, s in zip(of.items, of.state[c].tolist(), strict=True)}
        percent = {i.code: None if v != v else round(v, 2) for i, v in zip(of.items, of.value[c].tolist(), strict=True)}
        found = {"type": "Feature", "id": code, "properties": facts | {"states": states, "percent": percent}, "geometry": shape["geometry"] if shape else None}  # fmt: skip
        yield ("" if first else ",") + json.dumps(found, ensure_ascii=False)
        first = False
    yield "]}"


urls: list[URLPattern] = [
    path("circle/matrices.xlsx", as_xlsx, name="matrices-xlsx"),
    path("circle/matrices.csv", as_csv, name="matrices-csv"),
    path("circle/matrices.geojson", as_geojson, name="matrices-geojson"),
]
