"""The code table of a change as a file, and its picture for the map."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Missing
from linli.exchange.columns import Column
from linli.exchange.writing import Sheet, csv_response, write_csv, xlsx_response
from linli.territory import queries as territory

from .. import permissions
from ..models import GroundChange
from ..queries import changes as read
from ..queries import pictures, plans

COLUMNS = (
    Column("old", gettext_lazy("旧编码"), "old code", width=20),
    Column("old_name", gettext_lazy("旧名称"), "old name"),
    Column("new", gettext_lazy("新编码"), "new code", width=20),
    Column("new_name", gettext_lazy("新名称"), "new name"),
    Column("parted", gettext_lazy("另有部分划归"), "part of it goes to"),
)
LEVELS = {6: gettext_lazy("区"), 9: gettext_lazy("街道"), 12: gettext_lazy("社区"), 15: gettext_lazy("网格")}


def _rows(row: GroundChange) -> list[tuple[str, ...]]:
    """Of a change that was carried out the codes kept on its day; before that as they would be now."""
    if "codes" in row.said:
        parted, called = row.said["parted"], row.said.get("names", {})
        return [
            (old, called.get(old, ""), new, territory.division_name(new), " ".join(parted.get(old, [])[1:]))
            for old, new in sorted(
                {**{k: k for k in parted}, **row.said["codes"]}.items(), key=lambda x: (len(x[0]), x[0])
            )
        ]
    found = plans.plan(row)
    if found.stopped:
        raise Missing("no_codes_yet", _("这项改动还有问题没有改好，编码对照要改好以后才有。"))
    return [
        (c.old, c.name, c.new, c.new_name, " ".join(c.parted))
        for c in pictures.code_table(found, territory.live_layers())
    ]


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def codes_xlsx(request: ActorRequest, pk: int) -> HttpResponse:
    """One sheet a level, codes as text."""
    row = read.change_row(actor=request.actor, pk=pk)
    rows = _rows(row)
    sheets = [
        Sheet(str(label), COLUMNS, cast("Iterable[Any]", [r for r in rows if len(r[0]) == digits]))
        for digits, label in LEVELS.items()
        if any(len(r[0]) == digits for r in rows)
    ] or [Sheet(_("编码对照"), COLUMNS, [])]
    view = read.view_of(row)
    about = [
        (_("改动"), row.name),
        (_("状态"), view.stage_name),
        (_("生效日期"), row.effective_on),
        (_("出处"), "DB11/T 2157"),
    ]
    return cast(HttpResponse, xlsx_response(f"{row.name}-{_('编码对照')}", sheets, about=about))


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def codes_csv(request: ActorRequest, pk: int) -> HttpResponse:
    """All levels in one table."""
    row = read.change_row(actor=request.actor, pk=pk)
    return cast(HttpResponse, csv_response(f"codes-{row.pk}", write_csv(COLUMNS, _rows(row))))


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def picture(request: ActorRequest, pk: int) -> HttpResponse:
    """Borders before and after and the ground that changes hands, as three sets of GeoJSON."""
    row = read.change_row(actor=request.actor, pk=pk)
    found = plans.plan(row)
    if found.stopped:
        raise Missing("no_picture_yet", _("这项改动还有问题没有改好，地图要改好以后才有。"))
    return HttpResponse(pictures.picture(found, territory.live_layers()), content_type="application/geo+json")


@require_safe
@never_cache
@require(*permissions.READ_KINDS)
def ground(request: ActorRequest, level: int) -> HttpResponse:
    """What can be picked on the map: communities (12) or base grids (15) in force."""
    if level == 12:
        return HttpResponse(territory.boundaries_geojson(12), content_type="application/geo+json")
    if level == 15:
        return HttpResponse(territory.grid_geojson(), content_type="application/geo+json")
    raise Missing("no_such_level", _("没有这一级。"))


urls: list[URLPattern] = [
    path("ground/changes/<int:pk>/codes.xlsx", codes_xlsx, name="change-codes-xlsx"),
    path("ground/changes/<int:pk>/codes.csv", codes_csv, name="change-codes-csv"),
    path("ground/changes/<int:pk>/picture/", picture, name="change-picture"),
    path("ground/border/<int:level>/", ground, name="border-ground"),
]
