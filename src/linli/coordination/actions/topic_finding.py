"""Topics come to be: found by rule among the cases, set by a chief, and grown by what is reported there later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.actor import SYSTEM, Actor
from linli.core.decision import YES
from linli.core.errors import Conflict, Invalid, Refusal
from linli.flow import actions as flow
from linli.flow.models import Matter
from linli.response import queries as response
from linli.response.queries.recurring import Occurred, Part, classes_under, occurred
from linli.territory import queries as territory

from .. import permissions
from ..clusters import Found, discs, groups, raster
from ..models import Topic, TopicCase
from ..queries.topic_cases import Place, cases_at, place_of, rule_of
from ..queries.topic_rules import rule_for, rules
from ..rules import TOPIC
from ..topic_rules import RuleView

GROW_MOST_DAYS = 31
"""A run that was missed for longer leaves what is older to the window of the rules."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one look found: topics opened, topics grown, cases that joined one of either."""

    opened: int
    grown: int
    cases: int


@dataclass(frozen=True, slots=True)
class NewTopic:
    """What a chief sets by hand: a class at a point (radius of the rule), or with `community` in a community."""

    class_code: str
    rule_id: int
    lon: float | None = None
    lat: float | None = None
    community: str = ""
    days: int = 90


def find_topics(*, actor: Actor = SYSTEM) -> Round:
    """Look once over the cases of the longest window: open topics grow, new ones are opened. Safe to run twice.

    Nothing is computed while the database is locked: each topic is its own short transaction. Raises Forbidden.
    """
    permissions.can_change_topic_rules(actor).or_forbidden()
    now, in_force = clock.now(), rules()
    if not in_force:
        return Round(0, 0, 0)
    window = timedelta(days=max([r.days for r in in_force] + [GROW_MOST_DAYS]))
    rows = _countable(occurred(SYSTEM, Part(now - window, now + timedelta(seconds=1))))
    grown, joined, rows = _grow(rows)
    rows = _fresh(rows)
    opened = 0
    for rule in in_force:
        for found in _places(rule, _fitting(rule, rows, now)):
            if _open(actor, rule, found):
                opened += 1
                joined += len(found)
            taken = {r.id for r in found}
            rows = [r for r in rows if r.id not in taken]
    return Round(opened, grown, joined)


def _countable(rows: list[Occurred]) -> list[Occurred]:
    """Without what lies in an open topic already."""
    held = set(TopicCase.objects.filter(open=True).values_list("matter_id", flat=True))
    return [r for r in rows if r.id not in held]


def _by_class(rows: Iterable[Occurred]) -> dict[str, list[Occurred]]:
    found: dict[str, list[Occurred]] = {}
    for row in rows:
        found.setdefault(response.class_by_id(row.class_id).code, []).append(row)
    return found


def _grow(rows: list[Occurred]) -> tuple[int, int, list[Occurred]]:
    """Open topics take what was reported at their place since their first case. What lies elsewhere is given back:
    of what lies there nothing may open a second topic.
    """
    known, there, joined, grown = _by_class(rows), set[int](), 0, 0
    for topic in Topic.objects.filter(matter__ended_at=None).select_related("matter", "rule").order_by("pk"):
        first = int(topic.first_at.timestamp()) * 1_000_000
        only = rule_of(topic).reopened and not topic.by_hand
        here = [r for r in place_of(topic).holds(known.get(topic.class_code, ())) if r.id not in there]
        there.update(r.id for r in here)
        new = [r for r in here if r.opened >= first and (r.reopened or not only)]
        if not new:
            continue
        try:
            with transaction.atomic():
                _join(topic, new)
        except (IntegrityError, Refusal):  # somebody moved it, or another run was first: the next run sees to it
            continue
        grown, joined = grown + 1, joined + len(new)
    return grown, joined, [r for r in rows if r.id not in there]


def _join(topic: Topic, new: Sequence[Occurred]) -> None:
    """Add cases to an open topic, with a line of its journal."""
    matter, count = topic.matter, topic.case_count + len(new)
    flow.move(
        actor=SYSTEM, matter=matter, version=matter.version, verb="grow", flow=TOPIC, allowed=YES,
        facts={"added": len(new), "cases": count},
    )  # fmt: skip
    last = max(topic.last_at, _moment(max(r.opened for r in new)))
    Topic.objects.filter(pk=topic.pk).update(case_count=count, last_at=last)
    _add_cases(topic, new)


def _add_cases(topic: Topic, rows: Sequence[Occurred]) -> None:
    now = clock.now()
    TopicCase.objects.bulk_create([TopicCase(topic=topic, matter_id=r.id, added_at=now) for r in rows])


def _fresh(rows: list[Occurred]) -> list[Occurred]:
    """Without what was reported at the place of an ended topic before it ended: only what is new may bring it back."""
    known, old = _by_class(rows), set[int]()
    since = min((r.opened for r in rows), default=0)
    ended = Topic.objects.filter(matter__ended_at__isnull=False).select_related("matter")
    for topic in ended.filter(matter__ended_at__gte=_moment(since)) if rows else ():
        at = int(topic.matter.ended_at.timestamp()) * 1_000_000  # type: ignore[union-attr]
        old.update(r.id for r in place_of(topic).holds(known.get(topic.class_code, ())) if r.opened <= at)
    return [r for r in rows if r.id not in old]


def _fitting(rule: RuleView, rows: Sequence[Occurred], now: datetime) -> list[Occurred]:
    """Those of these cases that the rule counts."""
    since = int((now - timedelta(days=rule.days)).timestamp()) * 1_000_000
    wanted = classes_under(rule.classes)
    return [
        r
        for r in rows
        if r.opened >= since
        and (r.reopened or not rule.reopened)
        and (r.exact or not rule.radius_m)
        and (not rule.classes or r.class_id in wanted)
    ]


def _places(rule: RuleView, rows: list[Occurred]) -> list[list[Occurred]]:
    """What the rule finds, each place with its middle case first."""
    if len(rows) < rule.least:
        return []
    codes = {code: n for n, code in enumerate(sorted(_by_class(rows)))}
    ids = np.array([r.id for r in rows], dtype=np.int64)
    kinds = np.array([codes[response.class_by_id(r.class_id).code] for r in rows], dtype=np.int64)
    found: list[Found]
    if rule.radius_m:
        x, y = raster([r.lon for r in rows], [r.lat for r in rows])
        found = discs(ids, kinds, x, y, radius_m=rule.radius_m, least=rule.least)
    else:
        found = groups(ids, kinds, [r.community for r in rows], least=rule.least)
    return [[rows[f.centre], *(rows[m] for m in f.members if m != f.centre)] for f in found]


def _open(actor: Actor, rule: RuleView, found: Sequence[Occurred]) -> bool:
    """Open a topic over these cases; False if another run was first."""
    centre = found[0]
    place = _community_place(centre) if not rule.radius_m else Place(centre.lon, centre.lat, rule.radius_m, "")
    code = response.class_by_id(centre.class_id).code
    try:
        with transaction.atomic():
            _write(actor, code, rule, place, found, by_hand=False)
    except IntegrityError:
        return False
    return True


def _community_place(row: Occurred) -> Place:
    """A community stands where its label stands, or where its first case lies."""
    view = territory.division(row.community)
    if view is None or view.lon is None or view.lat is None:
        return Place(row.lon, row.lat, 0, row.community)
    return Place(view.lon, view.lat, 0, row.community)


def _write(
    actor: Actor, class_code: str, rule: RuleView, place: Place, rows: Sequence[Occurred], *, by_hand: bool
) -> Topic:
    where, words = _where(place, rows)
    view = response.class_by_code(class_code) or response.class_by_id(rows[0].class_id)
    matter = flow.open_matter(
        actor=actor,
        flow=TOPIC,
        verb="set" if by_hand else "find",
        title=f"{view.name_zh} · {words}"[:80],
        where=where,
        due=flow.DueTimes(),
        facts={"class": class_code, "rule": rule.code, "number": rule.number, "cases": len(rows)},
        simulated=bool(rows) and Matter.objects.filter(pk=rows[0].id, simulated=True).exists(),
    )
    now = clock.now()
    topic = Topic.objects.create(
        matter=matter, rule_id=rule.id, by_hand=by_hand, class_code=class_code, lon=place.lon, lat=place.lat,
        radius_m=place.radius_m, case_count=len(rows),
        first_at=_moment(min(r.opened for r in rows)) if rows else now,
        last_at=_moment(max(r.opened for r in rows)) if rows else now,
    )  # fmt: skip
    _add_cases(topic, rows)
    return topic


def _where(place: Place, rows: Sequence[Occurred]) -> tuple[flow.Where, str]:
    """The divisions of a topic and its place in words: subdistrict, community, and of a disc the street near it."""
    near = ""
    if not place.radius_m:
        community, subdistrict, grid = place.community, place.community[:9], ""
    else:
        here = territory.locate(place.lon, place.lat)
        subdistrict = here.subdistrict if here else rows[0].subdistrict if rows else ""
        community = here.community if here else rows[0].community if rows else ""
        grid = here.grid if here else ""
        near = here.near if here else ""
    area = community or subdistrict or territory.district().code
    names = [territory.division_name(subdistrict, short=True)] if subdistrict else []
    names += [territory.division_name(community)] if community else []
    words = " ".join(names) or territory.division_name(area)
    return flow.Where(area, subdistrict, community, grid), f"{words}，近{near}" if near else words


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, UTC)


def raise_topic(*, actor: Actor, wanted: NewTopic) -> Topic:
    """A chief sets a topic: the cases of the class there in the last `days` days belong to it, be they none.

    Raises Forbidden (not a chief of the place), Invalid (class, place, rule), Conflict (`topic_there`: details `topic`).
    """
    view = response.class_by_code(wanted.class_code)
    if view is None:
        sentence = _("没有这种问题类型。")
        raise Invalid("no_such_class", sentence, fields={"class_code": [sentence]})
    rule, place, division = rule_for(wanted.rule_id), *_wanted_place(wanted)
    permissions.can_steer_topic(actor, division).or_forbidden()
    now = clock.now()
    for topic in Topic.objects.filter(matter__ended_at=None, class_code=view.code).select_related("matter"):
        if _same(place_of(topic), place):
            raise Conflict("topic_there", _("这里已经有同一类的专题。"), topic=topic.pk)
    days = max(1, min(wanted.days, 366))
    rows = _countable(cases_at(place, view.code, now - timedelta(days=days), now + timedelta(seconds=1)))
    try:
        with transaction.atomic():
            return _write(actor, view.code, rule, place, rows, by_hand=True)
    except IntegrityError:
        raise Conflict("topic_there", _("这里已经有同一类的专题。")) from None


def _wanted_place(wanted: NewTopic) -> tuple[Place, str]:
    """The place that was chosen and the division whose chief decides. Raises Invalid."""
    if wanted.community:
        here = territory.division(wanted.community)
        if here is None or here.level != 12:
            sentence = _("没有这个社区。")
            raise Invalid("no_such_community", sentence, fields={"community": [sentence]})
        lon, lat = (here.lon, here.lat) if here.lon and here.lat else (0.0, 0.0)
        return Place(lon, lat, 0, here.code), here.code[:9]
    if wanted.lon is None or wanted.lat is None:
        sentence = _("请选一个社区，或者在地图上指一个地点。")
        raise Invalid("place_required", sentence, fields={"place": [sentence]})
    located = territory.check_point(wanted.lon, wanted.lat)
    radius = rule_for(wanted.rule_id).radius_m or 100
    return Place(wanted.lon, wanted.lat, radius, ""), located.subdistrict or territory.district().code


def _same(one: Place, other: Place) -> bool:
    """Whether two places are the same: one community, or discs whose middles lie within the smaller radius."""
    if not one.radius_m or not other.radius_m:
        return one.radius_m == other.radius_m and one.community == other.community
    x, y = raster([one.lon, other.lon], [one.lat, other.lat])
    reach = min(one.radius_m, other.radius_m) // 5
    return bool((x[0] - x[1]) ** 2 + (y[0] - y[1]) ** 2 <= reach * reach)
