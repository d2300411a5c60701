"""What the residents' pages show, in plain words. Reads other rooms' doors; nothing here opens anybody's contact."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM
from linli.core.errors import Invalid, Missing
from linli.files import queries as files
from linli.organisations import queries as organisations
from linli.response import queries as response
from linli.response.rules import PLAIN_STEPS, plain_step
from linli.site import urgency
from linli.territory import queries as territory
from linli.vault import queries as vault

from .choices import COMMON_CLASSES, UNKNOWN_CLASS
from .near import apart

WEEKDAYS = (
    gettext_lazy("周一"), gettext_lazy("周二"), gettext_lazy("周三"), gettext_lazy("周四"), gettext_lazy("周五"),
    gettext_lazy("周六"), gettext_lazy("周日"),
)  # fmt: skip


def promised(moment: datetime | None) -> str:
    """A due time as people say it: 11-24（周二）18:00."""
    if moment is None:
        return ""
    here = clock.local(moment)
    day = f"{here:%m-%d}" if here.year == clock.today().year else f"{here:%Y-%m-%d}"
    return _("%(day)s（%(weekday)s）%(time)s") % {
        "day": day,
        "weekday": WEEKDAYS[here.weekday()],
        "time": f"{here:%H:%M}",
    }


def tiles() -> str:
    """The address of the map's background, with the revision of the territory in it."""
    return f"/tiles/{territory.revision() or 'none'}/{{z}}/{{x}}/{{y}}.mvt"


# --- choosing a class and a place ----------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ClassGroup:
    """The classes under one heading."""

    name: str
    classes: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ClassChoice:
    """What the second step offers: chips first, then everything by heading."""

    chips: tuple[Any, ...]
    unknown: Any
    groups: tuple[ClassGroup, ...]
    found: tuple[Any, ...] | None  # of a search; None when nothing was searched


def class_choice(chosen: str = "", wanted: str = "") -> ClassChoice:
    """The classes to choose from. The chosen one is always among the chips."""
    views = {v.code: v for v in response.classes()}
    codes = [c for c in COMMON_CLASSES if c in views]
    if chosen in views and chosen not in codes and chosen != UNKNOWN_CLASS:
        codes = [chosen, *codes]
    headings: dict[str, list[Any]] = {}
    for view in views.values():
        headings.setdefault(view.top_name, []).append(view)
    return ClassChoice(
        chips=tuple(views[c] for c in codes),
        unknown=views.get(UNKNOWN_CLASS),
        groups=tuple(ClassGroup(name, tuple(rows)) for name, rows in headings.items()),
        found=response.search_classes(wanted, limit=12) if wanted else None,
    )


def class_name(code: str) -> str:
    """The name of a published class in the reader's language, "" if there is none."""
    view = response.class_by_code(code)
    return view.name if view else ""


@dataclass(frozen=True, slots=True)
class Area:
    """A subdistrict and its communities, for the list that needs no map."""

    code: str
    name: str
    lon: float | None
    lat: float | None
    communities: tuple[Any, ...]


def areas() -> tuple[Area, ...]:
    """Every subdistrict with its communities; empty while no territory is loaded."""
    return tuple(Area(s.code, s.name, s.lon, s.lat, territory.divisions(12, s.code)) for s in territory.divisions(9))


def label_point(code: str) -> tuple[float, float, str]:
    """Where a division's label stands, and what was chosen in words: a subdistrict alone says that no community was.

    Raises Invalid for a code that names nothing with a place.
    """
    view = territory.division(code)
    for known in (view, territory.division(code[:9]) if view else None):
        if view is not None and known is not None and known.lon is not None and known.lat is not None:
            name = view.name if len(code) == 12 else _("%(name)s（不知道社区）") % {"name": view.name}
            return known.lon, known.lat, name
    sentence = _("列表里没有这个社区，请重新选择。")
    raise Invalid("unknown_division", sentence, fields={"place": [sentence]})


def place_words(lon: float, lat: float) -> Any:
    """Where a point lies, in words. Raises Invalid when it is no place of the district."""
    return territory.check_point(lon, lat)


# --- what the public sees -----------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PublicMatter:
    """One matter as anybody may see it: class, plain stage, grid or community. No text, picture or person."""

    number: str
    id: int
    class_name: str
    step: int
    stage: Any
    place: str
    precision: str
    opened_at: datetime
    closed_at: datetime | None
    body: str
    simulated: bool
    lon: float
    lat: float

    @property
    def kind(self) -> str:
        """The mark: a disc while in work, a ring once done."""
        return "done" if self.closed_at or self.step in (2, 3) else "ok"


def _public(case: Any) -> PublicMatter:
    matter = case.matter
    lon, lat = response.public_point(case)
    subdistrict = territory.division_name(matter.subdistrict, short=False)
    community = territory.division_name(matter.community, short=False) if matter.community else ""
    by_grid = bool(matter.grid_at_intake) and not response.class_of(case).dwelling
    return PublicMatter(
        number=response.number_of_case(case),
        id=case.pk,
        class_name=response.class_of(case).name,
        step=plain_step(matter.stage),
        stage=PLAIN_STEPS[max(plain_step(matter.stage), 0)],
        place=" ".join(p for p in (subdistrict, community) if p) or territory.division_name(matter.area),
        precision=_("位置只精确到网格") if by_grid else _("位置只精确到社区"),
        opened_at=matter.opened_at,
        closed_at=matter.closed_at,
        body=organisations.body_name(matter.body_id) if matter.body_id else "",
        simulated=matter.simulated,
        lon=lon,
        lat=lat,
    )


def public_matters(**wanted: Any) -> list[PublicMatter]:
    """`response.public_cases` in plain words, same arguments."""
    return [_public(case) for case in response.public_cases(**wanted)]


def public_matter(number: str) -> tuple[PublicMatter, list[PlainLine]]:
    """One of them and its history. Raises Missing, also for a number that cannot be one."""
    try:
        case = response.public_case(number)
    except Invalid:
        raise Missing("no_such_case", _("没有这件事，或它还不能公开查看。")) from None
    return _public(case), _plain_lines(response.history(RESIDENT, case), own=False)


def spread(matters: Iterable[PublicMatter]) -> list[dict[str, Any]]:
    """Features for the map; each can be chosen."""
    return [
        {
            "type": "Feature",
            "properties": {"id": m.number, "u": m.kind},
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
        }
        for m, lon, lat in apart(matters)
    ]


# --- the reporter's own page ----------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class PlainLine:
    """A line of the history that a resident reads: no staff name, no staff text."""

    words: str
    at: datetime
    own: str = ""  # what the reporter wrote, for the reporter alone
    state: str = "on"  # on | now | bad


@dataclass(frozen=True, slots=True)
class OwnMatter:
    """What number and code open."""

    case: Any
    number: str
    class_name: str
    place: str
    stage: Any
    step: int
    lines: list[PlainLine]
    description: str
    address: str
    photos: list[Any]
    has_contact: bool
    by_staff: bool
    erased: bool = False
    due: str = ""
    urgency: str = ""
    together: bool = False  # dealt with as one matter with what others reported

    @property
    def numbered_steps(self) -> list[tuple[int, Any]]:
        """The plain steps with their places."""
        return list(enumerate(PLAIN_STEPS))

    @property
    def matter(self) -> Any:
        return self.case.matter

    @property
    def can_answer(self) -> bool:
        return bool(self.case.matter.stage == "closed")


def own_matter(number: str, code: str) -> OwnMatter:
    """The reporter's view. Raises Missing alike for a wrong number and a wrong code."""
    case = response.case_by_receipt(number, code)
    matter = case.matter
    history = response.history(SYSTEM, case)
    first = history[0]
    by_staff = first.actor != RESIDENT.label
    said = {} if by_staff else first.personal
    subject = f"case:{case.pk}"
    pictures = files.for_subject(actor=RESIDENT, subject=subject) if case.photos else []
    main = response.main_of(case, history)
    lines = _plain_lines(history, own=True)
    if main is not None:
        lines = _together(lines, history, main)
    together = main is not None and matter.stage == "merged"
    final = main.case.matter.final_due_at if together and main is not None else matter.final_due_at
    return OwnMatter(
        case=case,
        number=response.number_of_case(case),
        class_name=response.class_of(case).name,
        place=" ".join(territory.division_name(c) for c in (matter.subdistrict, matter.community) if c)
        or territory.division_name(matter.area),
        stage=PLAIN_STEPS[plain_step(matter.stage)] if plain_step(matter.stage) >= 0 else _("没有立案"),
        step=plain_step(matter.stage),
        lines=lines,
        together=together,
        description=str(said.get("description", "")),
        address=str(said.get("address", "")),
        photos=[p for p in pictures if p.created_by == RESIDENT.label],
        has_contact=vault.contact_known(case.contact_id),
        by_staff=by_staff,
        erased=first.erased,
        due=promised(final),
        urgency=urgency.of({"due_at": final, "closed_at": matter.closed_at or matter.ended_at}),
    )


# What of a main case is told to those who reported the same: where it stands, nobody's words, picture, rating or number.
_OFFICE = frozenset({"report", "joined", "merge", "unmerge", "close", "spare", "answer", "call_back", "rate", "archive",
                     "reopen", "erase", "redue", "close_with"})  # fmt: skip


def _together(lines: list[PlainLine], history: Iterable[Any], main: Any) -> list[PlainLine]:
    """One's own lines with the progress of the main case between them, for as long as both were one."""
    told = [
        line
        for raw, line in _plain_pairs(main.lines, own=False)
        if raw.verb not in _OFFICE and (main.until is None or raw.at <= main.until)
    ]
    mixed = sorted((replace(line, state="on" if line.state == "now" else line.state) for line in [*lines, *told]),
                   key=lambda line: line.at)  # fmt: skip
    if mixed and mixed[-1].state == "on":
        mixed[-1] = replace(mixed[-1], state="now")
    return mixed


def own_photo(number: str, code: str, key: str) -> Any:
    """One of the reporter's own pictures. Raises Missing."""
    case = response.case_by_receipt(number, code)
    row = files.by_key(key)
    if row.subject != f"case:{case.pk}" or row.created_by != RESIDENT.label:
        raise Missing("photo_missing", _("照片不存在，或者已经删除。"))
    return row


def _plain_lines(history: Iterable[Any], *, own: bool) -> list[PlainLine]:
    """The history without what only concerns the office; `own`: for the reporter, with the reporter's own words."""
    lines = [line for _raw, line in _plain_pairs(history, own=own)]
    if lines and lines[-1].state == "on":
        lines[-1] = replace(lines[-1], state="now")
    return lines


def _plain_pairs(history: Iterable[Any], *, own: bool) -> list[tuple[Any, PlainLine]]:
    """Each line of the journal that a resident is told of, and how."""
    pairs: list[tuple[Any, PlainLine]] = []
    body = ""
    for line in history:
        if line.facts.get("body"):
            body = organisations.body_name(int(line.facts["body"]))
        by_resident = line.actor == RESIDENT.label
        words = _plain_words(line.verb, body or _("承办单位"), own, by_resident)
        if not words:
            continue
        said = ""
        if own and by_resident and line.verb in ("rate", "reopen"):
            said = str(next((v for k, v in line.personal.items() if k in ("text", "reason") and v), ""))
        pairs.append((line, PlainLine(words, line.at, said, "bad" if line.verb == "decline" else "on")))
    return pairs


def _plain_words(verb: str, body: str, own: bool, by_resident: bool) -> str:
    """One verb of the chain in a resident's words; "" for what concerns only the office."""
    if own:
        mine = {
            "report": _("收到您反映的问题") if by_resident else _("工作人员登记了您反映的问题"),
            "close": _("已办好，请您评价"),
            "spare": _("已办好，请您评价"),
            "close_with": _("已办好，请您评价"),
            "merge": _("别人也反映了同一件事，合在一起办理"),
            "unmerge": _("核实后不是同一件事，单独办理"),
            "rate": _("您评价：已解决"),
            "reopen": _("您说没有解决，重新办理") if by_resident else _("重新办理"),
        }
        if verb in mine:
            return mine[verb]
    words = {
        "report": _("收到反映"),
        "accept": _("已立案，正在安排承办单位"),
        "decline": _("没有立案"),
        "dispatch": _("已交给%(body)s"),
        "sign": _("%(body)s已接手，正在处理"),
        "answer": _("已答复"),
        "mend": _("巡查人员当场处理了"),
        "seek_finding": _("正在确定由哪家单位办理"),
        "find": _("确定由%(body)s办理"),
        "offer": _("正在邀请社会力量参与"),
        "withdraw_offer": _("不再邀请社会力量，正在安排承办单位"),
        "claim": _("%(body)s主动承担，正在处理"),
        "lapse": _("到期没有单位认领，交由%(body)s办理"),
        "give_up": _("换由责任单位办理"),
        "grant_return": _("正在重新安排承办单位"),
        "fall_back": _("正在重新安排承办单位"),
        "recall_transfer": _("正在重新安排承办单位"),
        "take_transfer": _("换由更合适的单位办理"),
        "contacted": _("%(body)s联系过反映人"),
        "grant_time": _("办理时间有调整"),
        "resume": _("继续办理"),
        "merge": _("有人反映过同一件事，合在一起办理"),
        "unmerge": _("单独办理"),
        "joined": _("又有人反映了这件事"),
        "split": _("分成几部分，由不同单位办理"),
        "spare": _("已办好，等待反映人评价"),
        "close_with": _("已办好，等待反映人评价"),
        "archive": _("已完成"),
        "feed_back": _("%(body)s已处理，等待另一人核查"),
        "pass": _("核查通过"),
        "rework": _("核查没有通过，继续处理"),
        "close": _("已办好，等待反映人评价"),
        "call_back": _("已回访"),
        "rate": _("反映人评价：已解决"),
        "reopen": _("没有解决，重新办理"),
        "redue": _("放假安排公布后，时限已重新计算"),
        "erase": _("文字内容已按期限删除"),
    }
    return words.get(verb, "") % {"body": body}
