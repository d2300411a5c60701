"""The list of cases: filters in the address, pages by key, each with its chips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core.actor import Actor
from linli.core.errors import Invalid
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from .. import permissions, queries
from ..choices import Channel
from ..queries import CaseFilter
from ..queries.cases import DAYS
from ..rules import CASE
from .rows import options, table_rows

PAGE = 50
EXPORT_ROWS = 20_000
MORE = ("class_code", "community", "channel", "since", "until")


CARRIED = (
    "body", "open", "opened", "closed", "closed_since", "closed_until", "on_time", "open_on", "late_on", "had", "rated",
)  # fmt: skip
"""Said by links from other pages: no control of the form sets these, and filtering further keeps them."""


@dataclass(frozen=True, slots=True)
class Page:
    """What the pager part needs."""

    next_url: str = ""
    prev_url: str = ""
    say: str = ""


@dataclass(frozen=True, slots=True)
class Select:
    """A filter that is chosen from a list."""

    name: str
    label: str
    every: str
    options: list[tuple[str, Any]]
    value: str
    applies: bool = False  # choosing applies at once: other lists depend on it

    @property
    def inner(self) -> SafeString:
        return options(self.options, self.value)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, and the address without it."""

    label: str
    url: str


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def address(wanted: CaseFilter, **changes: str) -> str:
    """`?…` of a filter with some values changed ("" removes one)."""
    said = {k: v for k, v in {**wanted.as_query(), **changes}.items() if v}
    query = QueryDict(mutable=True)
    query.update(said)
    return f"?{query.urlencode()}" if said else reverse("response:cases")


@require_safe
@never_cache
@require(*permissions.SEE_KINDS)
def cases(request: ActorRequest) -> HttpResponse:
    """`/cases/?stage=&top=&…&after=`: newest first."""
    wanted, problem = read_filter(request)
    after = request.GET.get("after", "")
    page = queries.case_page(request.actor, wanted, after=after if _is_key(after) else "", limit=PAGE)
    return render(
        request,
        "response/cases.html",
        {
            "rows": table_rows(page.rows) if page.rows else "",
            "problem": problem,
            "has_errors": bool(problem),
            "wanted": wanted,
            "carried": [(name, value) for name in CARRIED if (value := getattr(wanted, name))],
            "views": views(request.actor, wanted),
            "selects": selects(request.actor, wanted),
            "more": more(wanted),
            "more_open": any(getattr(wanted, name) for name in MORE),
            "chips": chips(wanted),
            "page": Page(
                address(wanted, after=page.next_after) if page.next_after else "",
                address(wanted) if after else "",
                _("本页 %(n)s 件") % {"n": len(page.rows)} if page.rows else "",
            ),
            "export": permissions.can_export(request.actor),
            "export_xlsx": reverse("response:cases_xlsx") + (address(wanted) if wanted.as_query() else ""),
            "export_url": reverse("response:cases_csv") + (address(wanted) if wanted.as_query() else ""),
            "export_rows": EXPORT_ROWS,
        },
        status=422 if problem else 200,
    )


def read_filter(request: ActorRequest) -> tuple[CaseFilter, str]:
    """What the address asks for; a mistyped date is said and left out. Who has bodies only sees those."""
    given = request.GET.dict()
    problem = ""
    try:
        wanted = CaseFilter.from_mapping(given)
    except Invalid as refused:
        problem = str(refused.message)
        wanted = CaseFilter.from_mapping({k: v for k, v in given.items() if k not in DAYS})
    if "view" not in given and not request.actor.holds(permissions.AREA_KINDS):
        wanted = CaseFilter(**{n: getattr(wanted, n) for n in CaseFilter.__dataclass_fields__} | {"view": "body"})
    return wanted, problem


def views(actor: Actor, wanted: CaseFilter) -> list[tuple[str, str, bool]]:
    """The two lists, for whoever has both: of the area, of the body."""
    if not (actor.holds(permissions.AREA_KINDS) and actor.holds(permissions.BODY_KINDS)):
        return []
    names = (("area", _("辖区的")), ("body", _("本单位的")))
    return [(label, address(wanted, view=value), wanted.view == value) for value, label in names]


def _divisions(actor: Actor) -> list[tuple[str, str]]:
    """The subdistricts that this actor may choose among; none when there is only one."""
    held = {p.division for p in actor.posts if p.kind in permissions.AREA_KINDS or p.kind in permissions.BODY_KINDS}
    wide = any(len(code) == 6 for code in held)
    found = [(d.code, d.short_name) for d in territory.divisions(9) if wide or d.code in held]
    return found if len(found) > 1 else []


def selects(actor: Actor, wanted: CaseFilter) -> list[Select]:
    """The filters that everybody uses."""
    tops = dict.fromkeys((v.top_code, v.top_name) for v in queries.classes())
    found = [
        Select("stage", _("环节"), _("全部环节"), [(s.token, s.label) for s in CASE.stages.values()], wanted.stage),
        Select(
            "due",
            _("时限"),
            _("全部时限"),
            [("late", _("已超期")), ("soon", _("4 小时内到期"))],
            wanted.due,
        ),
        Select("top", _("大类"), _("全部大类"), list(tops), wanted.top, applies=True),
    ]
    if places := _divisions(actor):
        found.append(Select("subdistrict", _("街道"), _("全部街道"), places, wanted.subdistrict, applies=True))
    return found


def more(wanted: CaseFilter) -> list[Select]:
    """The filters behind "more". Lists that would be long wait for the one above them."""
    found = [Select("channel", _("来源"), _("全部来源"), list(Channel.choices), wanted.channel)]
    if wanted.top:
        names = [(v.code, v.name) for v in queries.classes() if v.top_code == wanted.top]
        found.append(Select("class_code", pgettext("type", "小类"), _("全部小类"), names, wanted.class_code))
    if wanted.subdistrict:
        names = [(d.code, d.name) for d in territory.divisions(12, wanted.subdistrict)]
        found.append(Select("community", _("社区"), _("全部社区"), names, wanted.community))
    return found


def chips(wanted: CaseFilter) -> list[Chip]:
    """The filters that are on, in words."""
    words = {
        "stage": lambda v: CASE.stages[v].label if v in CASE.stages else v,
        "due": lambda v: {"late": _("已超期"), "soon": _("4 小时内到期")}.get(v, v),
        "top": lambda v: next((c.top_name for c in queries.classes() if c.top_code == v), v),
        "class_code": lambda v: view.name if (view := queries.class_by_code(v)) else v,
        "subdistrict": lambda v: territory.division_name(v),
        "community": lambda v: territory.division_name(v),
        "channel": lambda v: dict(Channel.choices).get(v, v),
        "body": lambda v: organisations.body_name(int(v)) if _is_key(v) else v,
        "since": lambda v: _("%(day)s 起") % {"day": v},
        "until": lambda v: _("到 %(day)s") % {"day": v},
        "opened": lambda v: _("今天受理"),
        "closed": lambda v: _("今天结案"),
        "open": lambda v: _("没办完的"),
        "closed_since": lambda v: _("%(day)s 起结案") % {"day": v},
        "closed_until": lambda v: _("到 %(day)s 结案") % {"day": v},
        "on_time": lambda v: {"1": _("按期结案"), "0": _("逾期结案")}.get(v, v),
        "open_on": lambda v: _("%(day)s 结束时在办") % {"day": v},
        "late_on": lambda v: _("%(day)s 结束时超期未结") % {"day": v},
        "had": lambda v: {"return": _("退过单"), "rework": _("返过工"), "reopen": _("重开过")}.get(v, v),
        "rated": lambda v: {"content": _("满意或基本满意"), "said": _("评价过")}.get(v, v),
    }
    goes_with = {"top": ("class_code",), "subdistrict": ("community",)}
    return [
        Chip(str(words[name](value)), address(wanted, **dict.fromkeys((name, *goes_with.get(name, ())), "")))
        for name, value in wanted.as_query().items()
        if name in words
    ]
