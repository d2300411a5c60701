"""Reads of cases for staff and for the public. Actor first; lists are paged by key, never by offset."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.actor import Actor
from linli.core.decision import Decision
from linli.core.errors import Invalid, Missing
from linli.flow import queries as flow
from linli.flow.queries import SOON, Line
from linli.flow.rules import Move
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from . import permissions
from .actions import code_matches
from .catalogue import Catalogue, ClassView, catalogue
from .models import Case
from .rules import CASE, number_of, parse_number

NEAR_M = 200
NEAR_DAYS = 30
PUBLIC_BLUR_M = 400  # farther than any case lies from the middle of its cell
PUBLIC_DELAY = timedelta(days=1)  # matters about dwellings appear a day later
_ROW = ("matter",)  # the class comes from the catalogue that the process keeps


def classes() -> tuple[ClassView, ...]:
    """The published classes in the order of their codes."""
    return tuple(catalogue().by_code.values())


def has_routes() -> bool:
    """Whether any route has been loaded."""
    return bool(catalogue().routes)


def class_by_code(code: str) -> ClassView | None:
    return catalogue().by_code.get(code)


def class_of(case: Case) -> ClassView:
    """The version of the class that this case keeps."""
    return catalogue().by_id[case.case_class_id]


def search_classes(text: str, limit: int = 8) -> tuple[ClassView, ...]:
    """Published classes by code, words, name or pinyin initials; prefix matches first."""
    wanted = "".join(text.lower().split())[:20]
    if not wanted:
        return ()
    scored = []
    for view in classes():
        names = (view.name_zh, view.name_en.lower(), view.code, view.initials)
        if view.code.startswith(wanted) or view.name_zh.startswith(wanted):
            score = 0
        elif any(part.startswith(wanted) for part in view.initials.split()):
            score = 1
        elif any(part.startswith(wanted) or wanted.startswith(part) for part in view.words.split()):
            score = 2
        elif any(wanted in name for name in names) or wanted in view.words:
            score = 3
        else:
            continue
        scored.append((score, view.code, view))
    return tuple(v for _s, _c, v in sorted(scored, key=lambda t: t[:2])[:limit])


def case_for(actor: Actor, number: str) -> Case:
    """The case with this number, in the actor's scope. Raises Missing, Invalid (a mistyped number)."""
    case = Case.objects.select_related(*_ROW).filter(pk=parse_number(number)).first()
    if case is None or not permissions.can_see(actor, case.matter) or number_of_case(case) != _tidy(number):
        raise Missing("no_such_case", _("没有这件事，或它不在您的辖区。"))
    return case


def _tidy(number: str) -> str:
    digits = "".join(str(int(c)) for c in number if c.isdecimal())
    return f"{digits[:6]}-{digits[6:-1]}-{digits[-1]}"


def case_by_receipt(number: str, code: str) -> Case:
    """The case for a reporter who shows number and receipt code. Raises Missing alike for both being wrong."""
    try:
        pk = parse_number(number)
    except Invalid:
        pk = 0
    case = Case.objects.select_related(*_ROW).filter(pk=pk).first()
    if case is None or not code_matches(case.matter.key.hex, code) or number_of_case(case) != _tidy(number):
        raise Missing("no_such_receipt", _("编号或查询码不对，请核对回执。"))
    return case


def own_report(actor: Actor, number: str) -> Case:
    """A case that this actor registered, wherever it lies: to read its receipt aloud. Raises Missing, Invalid."""
    case = Case.objects.select_related(*_ROW).filter(pk=parse_number(number)).first()
    if case is None or actor.id is None or actor.label not in flow.acted(case.pk, ("report",)):
        raise Missing("no_such_case", _("没有这件事，或不是您登记的。"))
    return case


def number_of_case(case: Case) -> str:
    return number_of(case.pk, case.matter.opened_at)


def options_for(actor: Actor, case: Case) -> tuple[tuple[Move, Decision], ...]:
    """Every verb of this stage but the reporter's own, in table order, with whether the actor may press it."""
    moves = [m for m in CASE.verbs_from(case.matter.stage) if m.verb != "rate"]
    return tuple((m, permissions.can_move(actor, case.matter, m.verb)) for m in moves)


def verbs_for(actor: Actor, case: Case) -> tuple[Move, ...]:
    """Exactly the buttons this person may press now, in table order."""
    return tuple(move for move, allowed in options_for(actor, case) if allowed)


def refusals_for(actor: Actor, case: Case) -> tuple[tuple[Move, Any], ...]:
    """The buttons of this stage that the actor may not press, with the reason."""
    return tuple((m, said.reason) for m, said in options_for(actor, case) if not said and m.verb != "note")


def history(actor: Actor, case: Case) -> list[Line]:
    """The whole journal of a case, with free text where this actor may read it."""
    return flow.history(case.matter, CASE, personal=bool(permissions.can_read_text(actor, case.matter)))


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What the address bar says. Empty means all."""

    stage: str = ""
    top: str = ""
    class_code: str = ""
    subdistrict: str = ""
    community: str = ""
    due: str = ""  # late | soon: not closed yet, unless the stage asked for is the call-back
    channel: str = ""
    body: str = ""
    since: str = ""  # 2026-11-22
    until: str = ""
    opened: str = ""  # today
    closed: str = ""  # today
    view: str = "area"  # area | body
    open: str = ""  # '1': neither closed nor ended

    @classmethod
    def from_mapping(cls, data: Mapping[str, str]) -> CaseFilter:
        """From query parameters; unknown ones are ignored, mistyped dates raise Invalid."""
        known = {name: str(data.get(name, "")).replace("\0", "").strip()[:24] for name in cls.__dataclass_fields__}
        known["view"] = known["view"] or "area"
        for name in ("since", "until"):
            if known[name]:
                _day_start(known[name], name)
        return cls(**known)

    def as_query(self) -> dict[str, str]:
        """The parameters that differ from the default, for links."""
        default = CaseFilter()
        return {n: v for n in self.__dataclass_fields__ if (v := getattr(self, n)) != getattr(default, n)}


def _key(text: str) -> int | None:
    """A row's key as an address says it; None for anything else ("²" is a digit too, and 10^30 fits no database)."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _day_start(text: str, field: str) -> datetime:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=clock.SHANGHAI)
        if not 1900 < day.year < 9000:  # at the ends of the calendar another zone is another era
            raise ValueError(text)
    except ValueError:
        sentence = _("日期要写成 2026-11-22 这样。")
        raise Invalid("bad_date", sentence, fields={field: [sentence]}) from None
    return day


def today_start(now: datetime | None = None) -> datetime:
    """Midnight of today in Shanghai."""
    return clock.local(now or clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)


def cases(actor: Actor, wanted: CaseFilter) -> QuerySet[Case]:
    """The actor's cases that match, newest first."""
    rows = permissions.scope(actor, Case.objects.select_related(*_ROW), wanted.view)
    now = clock.now()
    exact = {
        "matter__stage": wanted.stage,
        "matter__subdistrict": wanted.subdistrict,
        "matter__community": wanted.community,
        "channel": wanted.channel,
    }
    rows = rows.filter(**{k: v for k, v in exact.items() if v})
    if wanted.class_code:
        rows = rows.filter(case_class__code=wanted.class_code)
    if wanted.top:
        rows = rows.filter(case_class__top_code=wanted.top)
    if (body := _key(wanted.body)) is not None:
        rows = rows.filter(matter__body_id=body)
    if wanted.open or wanted.due:
        rows = rows.filter(matter__ended_at=None)
        if wanted.stage != "closed":  # a call-back has its own limit, but the case itself is late no more
            rows = rows.filter(matter__closed_at=None)
    if wanted.due == "late":
        rows = rows.filter(matter__due_at__lt=now)
    elif wanted.due == "soon":
        rows = rows.filter(matter__due_at__gte=now, matter__due_at__lt=now + SOON)
    if wanted.since:
        rows = rows.filter(matter__opened_at__gte=_day_start(wanted.since, "since"))
    if wanted.until:
        rows = rows.filter(matter__opened_at__lt=_day_start(wanted.until, "until") + timedelta(days=1))
    if wanted.opened == "today":
        rows = rows.filter(matter__opened_at__gte=today_start(now))
    if wanted.closed == "today":
        rows = rows.filter(matter__closed_at__gte=today_start(now))
    return rows.order_by("-matter_id")


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of cases; `next_after` is the key to go on with, '' at the end."""

    rows: list[Case]
    next_after: str


def case_page(actor: Actor, wanted: CaseFilter, *, after: str = "", limit: int = 50) -> CasePage:
    """A page by key: rows with ids below `after`."""
    rows = cases(actor, wanted)
    if after:
        below = _key(after)
        if below is None:
            raise Invalid("bad_page", _("页码不对。"))
        rows = rows.filter(matter_id__lt=below)
    found = list(rows[: limit + 1])
    return CasePage(found[:limit], str(found[limit - 1].pk) if len(found) > limit else "")


@dataclass(frozen=True, slots=True)
class NearbyCase:
    """A hint that a matter may be known already. Nothing personal, at grid precision."""

    number: str
    class_name: str
    distance_m: int
    stage: Any
    opened_at: datetime
    lon: float
    lat: float
    class_code: str = ""
    in_scope: bool = False  # the asking actor may open it


def _metres(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    x = math.radians(lon2 - lon1) * math.cos(math.radians((lat1 + lat2) / 2))
    return 6371008.8 * math.hypot(x, math.radians(lat2 - lat1))


def nearby(
    lon: float, lat: float, *, class_code: str = "", limit: int = 5, public: bool = True, actor: Actor | None = None
) -> list[NearbyCase]:
    """Open cases within 200 m of the last 30 days, nearest first; matters about dwellings are not told to the public.

    For the public everything is measured from the point that the public sees: distances to the true position,
    asked for from several sides, would give that position away. A case without a grid is left out, because its
    public point is far from the true one. With `public` off, only what `actor` may see is told, at its true place.

    92.9 % of the pairs that a city declared duplicates lie within 200 m and 30 days (Boston 311, 2015).
    Raises Invalid for a point that is no place.
    """
    territory.check_point(lon, lat)
    dlat = (NEAR_M + PUBLIC_BLUR_M if public else NEAR_M) / 111_195
    dlon = dlat / math.cos(math.radians(lat))
    rows = Case.objects.select_related(*_ROW).filter(
        lat__range=(lat - dlat, lat + dlat),
        lon__range=(lon - dlon, lon + dlon),
        matter__ended_at=None,
        matter__opened_at__gte=clock.now() - timedelta(days=NEAR_DAYS),
    )
    if class_code:
        rows = rows.filter(case_class__code=class_code)
    if public:
        rows = rows.filter(case_class__dwelling=False).exclude(matter__grid_at_intake="")
    found = []
    for case in rows.order_by("-matter_id")[:200]:
        in_scope = actor is not None and bool(permissions.can_see(actor, case.matter))
        if actor is not None and not public and not in_scope:
            continue
        where = public_point(case) if public else (case.lon, case.lat)
        distance = _metres(lon, lat, *where)
        if distance > NEAR_M:
            continue
        stage = CASE.stages[case.matter.stage]
        found.append(
            NearbyCase(
                number_of_case(case),
                class_of(case).name,
                int(round(distance / 10.0) * 10),
                stage.plain if public else stage.label,
                case.matter.opened_at,
                *where,
                class_of(case).code,
                in_scope,
            )
        )
    return sorted(found, key=lambda n: n.distance_m)[:limit]


def public_point(case: Case) -> tuple[float, float]:
    """The point that the public sees: the middle of the grid, or of the community for matters about dwellings."""
    matter = case.matter
    if matter.grid_at_intake and not class_of(case).dwelling:
        return territory.grid_center(matter.grid_at_intake)
    division = territory.division(matter.community or matter.subdistrict or matter.area)
    return (division.lon or 0.0, division.lat or 0.0) if division else (0.0, 0.0)


def _public_since(days: int, now: datetime) -> QuerySet[Case]:
    rows = Case.objects.filter(matter__opened_at__gte=now - timedelta(days=days)).exclude(matter__stage="declined")
    return rows.filter(Q(case_class__dwelling=False) | Q(matter__opened_at__lt=now - PUBLIC_DELAY))


def public_cases(
    *, days: int = 7, limit: int = 500, subdistrict: str = "", top: str = "", state: str = "", after: int = 0
) -> list[Case]:
    """What the public may see, newest first: recent open cases and those closed lately; about dwellings a day later.

    `state` is working or closed, "" for both; `after` is the id to go on below (paging by key).
    """
    rows = _public_since(days, clock.now()).select_related(*_ROW)
    if subdistrict:
        rows = rows.filter(matter__subdistrict=subdistrict)
    if top:
        rows = rows.filter(case_class__top_code=top)
    if state == "working":
        rows = rows.filter(matter__closed_at=None)
    elif state == "closed":
        rows = rows.filter(matter__closed_at__isnull=False)
    if after:
        rows = rows.filter(matter_id__lt=after)
    return list(rows.order_by("-matter_id")[:limit])


@dataclass(frozen=True, slots=True)
class PublicCounts:
    """What the public page counts: reported in these days, of them done and still in work; `at` is the moment."""

    reported: int
    working: int
    closed: int
    at: datetime


def public_counts(*, days: int = 7) -> PublicCounts:
    """Counts over the same cases that `public_cases` shows."""
    now = clock.now()
    found = _public_since(days, now).aggregate(
        reported=Count("pk"), closed=Count("pk", filter=Q(matter__closed_at__isnull=False))
    )
    return PublicCounts(found["reported"], found["reported"] - found["closed"], found["closed"], now)


def public_case(number: str) -> Case:
    """One case as the public may see it. Raises Missing for what is not shown (yet)."""
    case = Case.objects.select_related(*_ROW).filter(pk=parse_number(number)).first()
    hidden = case is None or number_of_case(case) != _tidy(number) or case.matter.stage == "declined"
    if case is not None and class_of(case).dwelling:
        hidden = hidden or case.matter.opened_at > clock.now() - PUBLIC_DELAY
    if case is None or hidden:
        raise Missing("no_such_case", _("没有这件事，或它还不能公开查看。"))
    return case


def cases_by_id(actor: Actor, ids: Iterable[int]) -> list[Case]:
    """The cases among `ids` that the actor may see (what changed, for live pages)."""
    rows = Case.objects.select_related(*_ROW).filter(pk__in=list(ids))
    return [case for case in rows if permissions.can_see(actor, case.matter)]


def count_provisional() -> int:
    """Open cases whose due time was counted over days that no notice has settled."""
    return Case.objects.filter(matter__ended_at=None, matter__due_provisional=True).count()


@dataclass(frozen=True, slots=True)
class Gap:
    """A class without a body in a division."""

    division: str
    class_code: str
    class_name: str


def route_gaps(known: Catalogue | None = None) -> list[Gap]:
    """Every (subdistrict × class) for which nobody answers; those cases go to the district's dispatcher."""
    known = known or catalogue()
    district = territory.district()
    return [
        Gap(place.code, view.code, view.name)
        for place in territory.divisions(9)
        for view in known.by_code.values()
        if known.route((place.code, district.code), view.code) is None
    ]


def suggested_body(case: Case) -> Any:
    """The body the routes point at, or None; merged bodies answer through their successor."""
    return organisations.body(organisations.resolve(case.suggested_body_id)) if case.suggested_body_id else None
