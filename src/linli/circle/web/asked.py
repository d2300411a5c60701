"""What the address or the body of a planner's request asks for, as values. Whatever cannot be meant is refused in words."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.errors import Invalid, Missing
from linli.territory import queries as territory
from linli.territory.choices import Level

from ..choices import CatalogueKind
from ..queries import catalogue as catalogues
from ..queries import reach
from ..queries.catalogue import CatalogueView
from ..queries.reach import Asked, Edit
from ..rules import Reading

EARLIEST = date(2000, 1, 1)


def day(text: str) -> date:
    """A day until today; nothing is today. Raises Invalid."""
    if not text:
        return clock.today()
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Invalid("bad_date", _("日期要写成 2026-11-22 这样。"), fields={"on": [_("日期不对。")]}) from None
    if not EARLIEST <= found <= clock.today():
        raise Invalid("bad_date", _("日期不能晚于今天。"), fields={"on": [_("日期不对。")]})
    return found


def number(value: Any, field: str) -> int:
    """A whole number of at most nine digits. Raises Invalid."""
    text = str(value if value is not None else "")
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid("bad_number", _("这里应当是一个整数。"), fields={field: [_("这里应当是一个整数。")]})
    return int(text)


def division_of(request: HttpRequest) -> str:
    """`?division=`: a subdistrict, or "" for the whole district, whose own code says the same. Raises Missing."""
    text, here = request.GET.get("division", ""), territory.district().code
    if not text or text == here:
        return ""
    if len(text) != Level.SUBDISTRICT or not text.startswith(here) or territory.division(text) is None:
        raise Missing("no_such_division", _("没有这个街道。"))
    return text


def reading_of(text: Any) -> Reading:
    """How several items are read as one; nothing is all of them. Raises Missing."""
    try:
        return Reading(text or Reading.ALL)
    except ValueError:
        raise Missing("no_such_reading", _("没有这种读法。")) from None


def catalogue(values: Any, on: date) -> CatalogueView:
    """By its id, or the services in force on the day."""
    wanted = values.get("catalogue")
    if wanted not in (None, ""):
        return catalogues.catalogue_by_id(number(wanted, "catalogue"))
    return catalogues.catalogue_in_force(CatalogueKind.SERVICES, on)


def question(values: Any, default: str = "") -> Asked:
    """Item, pace, day and catalogue of an address or a body. Raises Invalid, Missing."""
    on = day(str(values.get("on") or ""))
    found = catalogue(values, on)
    item = str(values.get("item") or default)
    return reach.asked(
        catalogue_id=found.id, item=item, pace=str(values.get("pace") or ""), on=on, reading=reading_of(values.get("reading"))
    )  # fmt: skip


def body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of a request. Raises Invalid."""
    return parsed(request.body)


def parsed(text: bytes | str) -> dict[str, Any]:
    """A JSON object. Raises Invalid."""
    try:
        found = json.loads(text or b"{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Invalid("bad_json", _("请求的内容看不懂。"))
    return found


def edits(values: Any) -> list[Edit]:
    """The edits of a body, in order; `reach.check_edits` judges what they mean. Raises Invalid for another shape."""
    rows = values.get("edits") or []
    if not isinstance(rows, list) or len(rows) > reach.EDITS_MOST:
        raise Invalid("too_many_edits", _("一个方案最多改 %(n)s 处。") % {"n": reach.EDITS_MOST})
    return [_edit(row, n) for n, row in enumerate(rows, 1)]


def _edit(row: Any, n: int) -> Edit:
    try:
        items = row.get("items") or []
        return Edit(
            kind=str(row["kind"]),
            facility=None if row.get("facility") is None else number(row["facility"], "facility"),
            items=tuple(str(i) for i in items if isinstance(i, str))[:400],
            lon=None if row.get("lon") is None else float(row["lon"]),
            lat=None if row.get("lat") is None else float(row["lat"]),
            name=" ".join(str(row.get("name") or "").split())[:100],
        )
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        raise Invalid("bad_edit", _("第 %(n)s 处改动看不懂。") % {"n": n}) from None


def first_item(found: CatalogueView) -> str:
    """What a planner sees before choosing: the first row that is walked to. Raises Missing."""
    walked = catalogues.walked_items(found)
    if not walked:
        raise Missing("nothing_walked", _("这个目录里没有步行去的项目。"))
    leaves = [i for i in walked if i.code not in found.children]
    return (leaves or list(walked))[0].code
