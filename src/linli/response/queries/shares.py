"""全响应 as a measure: which kind of subject answered which share of the matters, on time and to whose satisfaction.

Counted are cases that were closed in the range, by the kind of body that fed back the result (`Case.subject`); answered
by the hotline itself where no body was needed. A merged report is counted with its main case; parts of a split case are
counted each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.flow import queries as flow
from linli.organisations.choices import SOCIETY, BodyKind

from .. import permissions
from ..choices import Satisfaction
from ..models import Case

HOTLINE = ""  # no body: the hotline answered at once
CONTENT = (Satisfaction.SATISFIED, Satisfaction.FAIR)
RATED = (*CONTENT, Satisfaction.DISSATISFIED)
GOVERNMENT = (
    BodyKind.COMMAND_CENTRE, BodyKind.DEPARTMENT, BodyKind.SUBDISTRICT_OFFICE, BodyKind.COMMUNITY_COMMITTEE,
    BodyKind.GRID_TEAM,
)  # fmt: skip


@dataclass(slots=True)
class Count4:
    """Closed; of these closed first within the promised time, rated, and rated satisfied or fairly satisfied."""

    closed: int = 0
    on_time: int = 0
    rated: int = 0
    content: int = 0

    def add(self, row: Mapping[str, Any]) -> None:
        self.closed += row["closed"]
        self.on_time += row["on_time"]
        self.rated += row["rated"]
        self.content += row["content"]


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of subject, or a group of kinds."""

    token: str
    label: Any
    group: str
    kinds: tuple[str, ...]


SUBJECTS: tuple[Subject, ...] = (
    *(Subject(k.value, k.label, "government", (k.value,)) for k in GOVERNMENT),
    Subject(BodyKind.ENTERPRISE.value, BodyKind.ENTERPRISE.label, "enterprise", (BodyKind.ENTERPRISE.value,)),
    *(Subject(k.value, k.label, "society", (k.value,)) for k in SOCIETY),
    Subject("hotline", _("热线直接答复"), "hotline", (HOTLINE,)),
)
GROUPS: tuple[Subject, ...] = tuple(
    Subject(token, label, token, tuple(k for s in SUBJECTS if s.group == token for k in s.kinds))
    for token, label in (
        ("government", _("政府")),
        ("enterprise", _("公共服务企业")),
        ("society", _("社会力量")),
        ("hotline", _("热线直接答复")),
    )
)


@dataclass(slots=True)
class Part:
    """A subdistrict or a top class: its name and what each kind of subject closed there."""

    code: str
    name: str
    name_en: str = ""
    by_kind: dict[str, Count4] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(c.closed for c in self.by_kind.values())

    def of(self, kinds: Iterable[str]) -> Count4:
        """The sum over these kinds."""
        found = Count4()
        for kind in kinds:
            one = self.by_kind.get(kind)
            if one is not None:
                found.closed += one.closed
                found.on_time += one.on_time
                found.rated += one.rated
                found.content += one.content
        return found


@dataclass(frozen=True, slots=True)
class Shares:
    """The whole, the same by subdistrict (in code order; "" where none is known), and by top class."""

    division: str
    since: datetime
    until: datetime
    whole: Part
    places: tuple[Part, ...]
    tops: tuple[Part, ...]


def shares(actor: Actor, *, division: str, since: datetime, until: datetime) -> Shares:
    """Who answered what was closed from `since` up to, not with, `until` in a division (1 SQL). Raises Forbidden."""
    permissions.can_read_shares(actor, division).or_forbidden()
    rows = Case.objects.filter(matter__kind="case", matter__closed_at__gte=since, matter__closed_at__lt=until)
    condition = flow.in_area([division], "matter__")
    if condition is not None:
        rows = rows.filter(condition)
    rows = rows.exclude(subject=HOTLINE, matter__parent_id__isnull=False)  # merged: the main case counts
    grouped = (
        rows.order_by()
        .values(
            "subject",
            "matter__subdistrict",
            "case_class__top_code",
            "case_class__top_name",
            "case_class__top_name_en",
        )
        .annotate(
            closed=Count("pk"),
            on_time=Count("pk", filter=Q(first_closed_on_time=True)),
            rated=Count("pk", filter=Q(satisfaction__in=RATED)),
            content=Count("pk", filter=Q(satisfaction__in=CONTENT)),
        )
    )
    whole, places, tops = Part(division, ""), dict[str, Part](), dict[str, Part]()
    for row in grouped:
        place = places.setdefault(row["matter__subdistrict"], Part(row["matter__subdistrict"], ""))
        code = row["case_class__top_code"]
        top = tops.setdefault(code, Part(code, row["case_class__top_name"], row["case_class__top_name_en"]))
        for part in (whole, place, top):
            part.by_kind.setdefault(row["subject"], Count4()).add(row)
    return Shares(
        division,
        since,
        until,
        whole,
        tuple(places[c] for c in sorted(places)),
        tuple(tops[c] for c in sorted(tops)),
    )
