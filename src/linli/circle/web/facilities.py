"""Pages of the service circle: facilities, one facility, what may be the same place. Files are in `imports`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Invalid, Missing, Refusal
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, csv_response, write_csv, xlsx_response
from linli.site.refusals import onto_form
from linli.territory import queries as territory

from .. import permissions
from ..actions import facilities as write
from ..choices import CatalogueKind, Provenance
from ..facility_forms import DayForm, FacilityForm
from ..names import limits
from ..queries import catalogue as catalogues
from ..queries import duplicates, streets
from ..queries import facility_list as read
from . import imports

PAGE, POINTS_MOST, EXPORT_MOST, PAIRS_MOST = 50, 3_000, 30_000, 60


def tiles() -> str:
    """The address of the background."""
    return f"/tiles/{territory.revision()}/{{z}}/{{x}}/{{y}}.mvt"


def in_force() -> list[catalogues.CatalogueView]:
    """The catalogue of each kind that holds today."""
    found = []
    for kind in CatalogueKind.values:
        try:
            found.append(catalogues.catalogue_in_force(kind))
        except Missing:
            continue
    return found


def wanted_of(request: ActorRequest) -> read.Wanted:
    """The filters of an address; what is no filter is no filter."""

    def get(name: str, default: str = "") -> str:
        return str(request.GET.get(name, default)).replace("\0", "")

    state = get("state", read.OPEN)
    origin = get("import")
    return read.Wanted(
        item=get("item")[:12],
        klass=get("class")[:81],
        place=get("place")[:12],
        state=state if state in (read.OPEN, read.CLOSED, read.ALL) else read.OPEN,
        text=get("q").strip()[:60],
        origin=int(origin) if origin.isascii() and origin.isdigit() and len(origin) < 9 else None,
    )


def _found(request: ActorRequest, wanted: read.Wanted) -> Any:
    holder = next((c for c in in_force() if wanted.item in c.by_code), None)
    return read.found(actor=request.actor, wanted=wanted, catalogue=holder)


@require_safe
@require(*permissions.READ_KINDS)
def facilities(request: ActorRequest) -> HttpResponse:
    """The list with its filters, and the same on a map."""
    wanted = wanted_of(request)
    rows = _found(request, wanted)
    total = rows.count()
    text = request.GET.get("page", "1")
    number = (
        min(int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1, max(-(-total // PAGE), 1)) or 1
    )
    kept = {k: v for k, v in request.GET.items() if k != "page"}
    page = {
        "prev_url": "?" + urlencode({**kept, "page": number - 1}) if number > 1 else "",
        "next_url": "?" + urlencode({**kept, "page": number + 1}) if number * PAGE < total else "",
        "say": _("共 %(n)s 处，第 %(page)s 页") % {"n": f"{total:,}", "page": number},
    }
    here = [r for r in rows[:POINTS_MOST] if r.community or wanted.place == "beyond" or wanted.text]
    context = {
        "rows": [(r, territory.division_name(r.community)) for r in rows[(number - 1) * PAGE : number * PAGE]],
        "page": page, "total": total, "wanted": wanted, "query": urlencode(kept), "tiles": tiles(),
        "points": [[r.pk, r.lon, r.lat, r.name] for r in here], "cut": total > POINTS_MOST,
        "catalogues": in_force(), "classes": read.classes(), "places": territory.divisions(9, territory.district().code),
        "filtered": bool(kept), "cut_export": EXPORT_MOST if total > EXPORT_MOST else 0, "may": bool(permissions.can_import_facilities(request.actor)),
        "doubles": len(duplicates.pairs(actor=request.actor, division=territory.district().code)) if number == 1 else 0,
    }  # fmt: skip
    return render(request, "circle/facilities.html", context)


# --- downloads ----------------------------------------------------------------------------------------
def _columns() -> list[Column]:
    choices = {str(k): (str(v),) for k, v in Provenance.choices}
    return [
        Column("code", _("编号"), "Code", Kind.CODE, width=18),
        Column("name", _("名称"), "Name", width=28),
        Column("class_key", _("类别"), "Class", Kind.CODE, width=22),
        Column("class_name", _("类别名称"), "Class name"),
        Column("lon", _("经度"), "Longitude", Kind.DECIMAL),
        Column("lat", _("纬度"), "Latitude", Kind.DECIMAL),
        Column("community", _("社区代码"), "Community", Kind.CODE, width=14),
        Column("community_name", _("社区"), "Community name", width=18),
        Column("address", _("地址"), "Address", width=28),
        Column("opening_hours", _("开放时间"), "Opening hours"),
        Column("wheelchair", _("无障碍"), "Wheelchair access", Kind.CODE),
        Column("as_of", _("截至"), "As of", Kind.DATE),
        Column("provenance", _("可信程度"), "Provenance", Kind.CHOICE, choices=choices),
        Column("source", _("出处"), "Source", width=40),
        Column("simulated", _("模拟数据"), "Simulated", Kind.YES_NO),
    ]


def _lines(rows: Any, columns: list[Column]) -> Any:
    for r in rows:
        values = {c.key: getattr(r, c.key, "") for c in columns}
        yield values | {"community_name": territory.division_name(r.community)}


def _features(rows: Iterable[Any]) -> Iterator[str]:
    """The text of a FeatureCollection, a feature at a time."""
    yield '{"type": "FeatureCollection", "attribution": ' + json.dumps(territory.attribution()[0], ensure_ascii=False)
    yield ', "features": ['
    between = ""
    for row in rows:
        yield between + json.dumps(read.point(row), ensure_ascii=False)
        between = ",\n"
    yield "]}"


@require_safe
@require(*permissions.READ_KINDS)
def download(request: ActorRequest, form: str) -> Any:
    """What the filters find as XLSX, CSV or GeoJSON; coordinates are WGS-84. CSV and GeoJSON stream all there is; a
    workbook, which is made before it is sent, ends at EXPORT_MOST and says so on its sheet and on the page.
    """
    found = _found(request, wanted_of(request))
    columns = _columns()
    if form == "csv":
        return csv_response("facilities", write_csv(columns, _lines(read.in_parts(found), columns)))
    if form == "geojson":
        answer = StreamingHttpResponse(_features(read.in_parts(found)), content_type="application/geo+json")
        answer["Content-Disposition"] = 'attachment; filename="facilities.geojson"'
        return answer
    rows, total = found[:EXPORT_MOST], found.count()
    about = [(_("坐标系"), "WGS-84"), (pgettext("data", "来源"), territory.attribution()[0]), (_("共有"), f"{total:,}")]
    if total > EXPORT_MOST:
        about.append(
            (
                _("没有写全"),
                _("只写了前 %(n)s 处；要全部，请导出 CSV，或按街道、类别分开导出。") % {"n": f"{EXPORT_MOST:,}"},
            )
        )
    return xlsx_response(_("服务设施"), [Sheet(_("服务设施"), columns, _lines(rows, columns))], about=about)


# --- one facility -------------------------------------------------------------------------------------
@require_safe
@require(*permissions.READ_KINDS)
def facility(request: ActorRequest, id: int) -> HttpResponse:
    return _page(request, id, {})


def _page(request: ActorRequest, id: int, forms: dict[str, Any], status: int = 200) -> HttpResponse:
    found = read.facility(actor=request.actor, id=id, catalogues=in_force())
    row = found.row
    division = row.community or territory.district().code
    may = row.merged_into_id is None and bool(permissions.can_keep_facility(request.actor, division))
    off = float(streets.metres_to_streets([row.lon], [row.lat])[0])
    context = {
        "found": found, "row": row, "may": may, "tiles": tiles(), "community": territory.division_name(row.community),
        "off_m": off if off > limits()["off_network_m"] else None, "day_form": forms.get("day") or DayForm(),
        "labels": {c.kind: c.title for c in in_force()}, "gives": list(found.gives.items()),
        "items": [(c.title, catalogues.leaf_items(c)) for c in in_force()], "has_errors": status != 200,
    }  # fmt: skip
    return render(request, "circle/facility.html", context, status=status)


def version_of(request: ActorRequest) -> int:
    """The version as the person saw it. Raises Invalid."""
    text = request.POST.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise Invalid("bad_version", _("页面缺少版本号，请刷新后再试。"))
    return int(text)


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.KEEP_KINDS)
def new(request: ActorRequest) -> HttpResponse:
    form = FacilityForm(request.POST if request.method == "POST" else None)
    del form.fields["place"], form.fields["moved_on"]
    if request.method == "POST" and form.is_valid():
        d = form.cleaned_data
        try:
            id = write.add_facility(
                actor=request.actor, facts=form.facts(), lon=d["lon"], lat=d["lat"], opened_on=d["opened_on"]
            )
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已登记。"))
            return redirect("circle:facility", id=id)
    return _edit(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.KEEP_KINDS)
def edit(request: ActorRequest, id: int) -> HttpResponse:
    """Words and place of one facility; a place that differs is a move."""
    row = read.facility(actor=request.actor, id=id, catalogues=[]).row
    write.keeping(request.actor, row)
    start = {
        k: getattr(row, k)
        for k in ("name", "address", "opening_hours", "wheelchair", "source", "provenance", "lon", "lat")
    }
    start["klass"] = f"{row.scheme}:{row.class_key}"
    form = FacilityForm(request.POST if request.method == "POST" else None, initial=start)
    del form.fields["opened_on"]
    if request.method == "POST" and form.is_valid():
        d = form.cleaned_data
        try:
            write.save_facility(
                actor=request.actor, id=id, version=version_of(request), facts=form.facts(), lon=d["lon"], lat=d["lat"],
                moved_on=form.moved(),
            )  # fmt: skip
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已保存，原来的内容留在历史里。"))
            return redirect("circle:facility", id=id)
    return _edit(request, form, row)


def _edit(request: ActorRequest, form: FacilityForm, row: Any) -> HttpResponse:
    lon, lat = (form["lon"].value(), form["lat"].value())
    context = {"form": form, "row": row, "tiles": tiles(), "center": f"{lon},{lat}" if lon and lat else ""}
    return render(request, "circle/facility_edit.html", context, status=422 if form.errors else 200)


@require_POST
@require(*permissions.KEEP_KINDS)
def turn(request: ActorRequest, id: int, what: str) -> HttpResponse:
    """Close or open from a day on."""
    form = DayForm(request.POST)
    if form.is_valid():
        act = write.close_facility if what == "close" else write.open_facility
        d = form.cleaned_data
        try:
            act(actor=request.actor, id=id, version=version_of(request), on=d["on"], note=d["note"])
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已关闭。") if what == "close" else _("已恢复开放。"))
            return redirect("circle:facility", id=id)
    return _page(request, id, {"day": form}, status=422)


@require_POST
@require(*permissions.KEEP_KINDS)
def own_items(request: ActorRequest, id: int) -> HttpResponse:
    """What it provides beside, or in place of, what its class says."""
    known = {i.code for c in in_force() for i in c.items}
    items = {i: True for i in request.POST.getlist("plus") if i in known}
    items |= {i: False for i in request.POST.getlist("minus") if i in known}
    write.set_own_items(actor=request.actor, id=id, version=version_of(request), items=items)
    messages.success(request, _("已保存，原来的内容留在历史里。"))
    return redirect("circle:facility", id=id)


# --- what may be the same -----------------------------------------------------------------------------
@require_safe
@require(*permissions.KEEP_KINDS)
def doubles(request: ActorRequest) -> HttpResponse:
    """Pairs to decide, the most alike first."""
    mine = [p.division for p in request.actor.posts if p.kind in permissions.KEEP_KINDS]
    found = [p for code in dict.fromkeys(mine) for p in duplicates.pairs(actor=request.actor, division=code)]
    shown = found[:PAIRS_MOST]
    rows = read.by_ids([i for p in shown for i in (p.first, p.second)])
    context = {
        "pairs": [(p, [(r, territory.division_name(r.community)) for r in (rows[p.first], rows[p.second])]) for p in shown],
        "total": len(found), "decided": duplicates.decided(actor=request.actor)[:20],
    }  # fmt: skip
    return render(request, "circle/facility_doubles.html", context)


@require_POST
@require(*permissions.KEEP_KINDS)
def decide(request: ActorRequest) -> HttpResponse:
    """The same (and which stays), different, or a decision taken back."""
    ids = [
        int(t)
        for t in (request.POST.get(k, "") for k in ("first", "second"))
        if t.isascii() and t.isdigit() and len(t) < 12
    ]
    if len(ids) != 2:
        raise Invalid("bad_pair", _("要选两处不同的设施，并说明留下哪一处。"))
    answer = request.POST.get("answer", "")
    try:
        if answer == "undo":
            write.undo_pair(actor=request.actor, first=ids[0], second=ids[1])
        else:
            keep = {"first": ids[0], "second": ids[1]}.get(answer)
            write.decide_pair(actor=request.actor, first=ids[0], second=ids[1], same=keep is not None, keep=keep)
    except Refusal as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("已记下，可以在下面撤回。"))
    return redirect("circle:facility-doubles")


urls: list[URLPattern] = [
    path("circle/facilities/", facilities, name="facilities"),
    path("circle/facilities/export.<str:form>", download, name="facilities-export"),
    path("circle/facilities/new/", new, name="facility-new"),
    path("circle/facilities/doubles/", doubles, name="facility-doubles"),
    path("circle/facilities/doubles/decide", decide, name="facility-decide"),
    *imports.urls,
    path("circle/facilities/<int:id>/", facility, name="facility"),
    path("circle/facilities/<int:id>/edit/", edit, name="facility-edit"),
    path("circle/facilities/<int:id>/close", turn, {"what": "close"}, name="facility-close"),
    path("circle/facilities/<int:id>/open", turn, {"what": "open"}, name="facility-open"),
    path("circle/facilities/<int:id>/items", own_items, name="facility-items"),
]
