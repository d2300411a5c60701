"""One community's sheet with its answers and last year's; what a person has to fill; how far all are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from django.db.models import Count
from django.utils.translation import gettext as _

from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.territory import queries as territory

from .. import permissions
from ..choices import SheetState, SurveyState
from ..models import Answer, ResourceCount, ResourceKind, Sheet, Survey
from . import catalogue as catalogues
from . import surveys
from .catalogue import CatalogueView, ItemView

AnswerView: TypeAlias = Answer  # read by pages, never saved there
KindView: TypeAlias = ResourceKind


@dataclass(frozen=True)
class SheetView:
    """A sheet with everything its pages show. `last`: answers of the survey before, by item; `last_year` its year."""

    survey: Survey
    sheet: Sheet
    name: str
    catalogue: CatalogueView
    items: tuple[ItemView, ...]
    answers: Mapping[str, Answer]
    last: Mapping[str, Answer]
    last_year: int | None
    resources: Mapping[str, int]

    @property
    def editable(self) -> bool:
        return self.survey.state == SurveyState.OPEN and self.sheet.state != SheetState.SUBMITTED

    @property
    def total(self) -> int:
        return len(self.items)

    @property
    def answered(self) -> int:
        return sum(i.code in self.answers for i in self.items)

    @property
    def left(self) -> int:
        return self.total - self.answered

    @property
    def classes(self) -> tuple[ItemView, ...]:
        """The classes that have sub-items, in order."""
        used = {self.class_of(i) for i in self.items}
        return tuple(i for i in self.catalogue.items if i.code in used)

    def class_of(self, item: ItemView) -> str:
        """The code of the row without a row above it."""
        while item.parent:
            item = self.catalogue.by_code[item.parent]
        return item.code

    def items_of(self, class_code: str) -> tuple[ItemView, ...]:
        return tuple(i for i in self.items if self.class_of(i) == class_code)

    def next_open(self, after: str = "") -> ItemView | None:
        """The next sub-item without an answer: behind `after` (an item, or the whole of a class), then from the start."""
        codes = [n for n, i in enumerate(self.items) if after in (i.code, self.class_of(i))]
        start = max(codes) + 1 if codes else 0
        order = [*self.items[start:], *self.items[:start]]
        return next((i for i in order if i.code not in self.answers), None)


def sheet(*, actor: Actor, survey_id: int, community: str) -> SheetView:
    """Raises Missing: another community's sheet and none at all look the same."""
    row = Sheet.objects.filter(survey=survey_id, community=community).select_related("survey").first()
    if row is None or not permissions.can_see_sheet(actor, community):
        raise Missing("no_such_sheet", _("这个社区不在这次调查里。"))
    catalogue = catalogues.catalogue_by_id(row.survey.catalogue_id)
    before = surveys.before(row.survey)
    last = Answer.objects.filter(sheet__survey=before, sheet__community=community) if before else ()
    return SheetView(
        row.survey, row, territory.division_name(community), catalogue, catalogues.leaf_items(catalogue),
        {a.item: a for a in Answer.objects.filter(sheet=row)}, {a.item: a for a in last},
        before.year if before else None,
        dict(ResourceCount.objects.filter(sheet=row).values_list("kind__code", "count")),
    )  # fmt: skip


def version(*, survey_id: int, community: str) -> int:
    """The number that counts up with everything written on a sheet. Raises Missing."""
    found = Sheet.objects.filter(survey=survey_id, community=community).values_list("version", flat=True).first()
    if found is None:
        raise Missing("no_such_sheet", _("这个社区不在这次调查里。"))
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """How far one community is. `total` sub-items."""

    sheet: Sheet
    name: str
    answered: int
    total: int

    @property
    def percent(self) -> int:
        return 100 * self.answered // self.total if self.total else 0

    @property
    def left(self) -> int:
        return self.total - self.answered

    @property
    def done(self) -> bool:
        return self.sheet.state == SheetState.SUBMITTED


@dataclass(frozen=True, slots=True)
class Group:
    """How far the communities of one subdistrict are."""

    code: str
    name: str
    sheets: int
    submitted: int
    answered: int
    total: int

    @property
    def percent(self) -> int:
        return 100 * self.answered // self.total if self.total else 0


def progress(*, actor: Actor, survey_id: int, division: str = "") -> list[Line]:
    """Every sheet (of a division), by code. Raises Forbidden, Missing."""
    survey = surveys.survey(actor=actor, survey_id=survey_id)
    total = len(catalogues.leaf_items(catalogues.catalogue_by_id(survey.catalogue_id)))
    rows = Sheet.objects.filter(survey=survey, community__startswith=division).order_by("community")
    return [
        Line(s, territory.division_name(s.community), n, total)
        for s, n in ((s, s.answered) for s in rows.annotate(answered=Count("answers")))
    ]


def by_subdistrict(lines: list[Line]) -> list[Group]:
    """The same, added up."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.sheet.community[:9], []).append(line)
    return [
        Group(code, territory.division_name(code), len(mine), sum(x.done for x in mine),
              sum(x.answered for x in mine), sum(x.total for x in mine))
        for code, mine in sorted(found.items())
    ]  # fmt: skip


def to_fill(*, actor: Actor) -> list[Line]:
    """The sheets of open surveys that wait for this actor's own communities, reminded ones first."""
    mine = {p.division for p in actor.posts if p.kind in permissions.FILL_KINDS}
    rows = Sheet.objects.filter(community__in=mine, survey__state=SurveyState.OPEN).select_related("survey")
    lines = []
    for s in rows.annotate(answered=Count("answers")).order_by("survey__closes_on", "pk"):
        total = len(catalogues.leaf_items(catalogues.catalogue_by_id(s.survey.catalogue_id)))
        lines.append(Line(s, territory.division_name(s.community), s.answered, total))
    return sorted(lines, key=lambda x: (x.done, x.sheet.reminded_at is None))


# --- resources ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Total:
    """One kind of resource over some communities: its sum, how many counted it, how many did not."""

    kind: ResourceKind
    count: int
    communities: int
    missing: int


def resource_kinds() -> list[ResourceKind]:
    """All kinds, in order."""
    return list(ResourceKind.objects.order_by("order"))


def resource_totals(*, actor: Actor, survey_id: int, division: str = "") -> list[Total]:
    """Every kind over the communities of a division. A community that did not count is missing, not zero."""
    survey = surveys.survey(actor=actor, survey_id=survey_id)
    sheets = Sheet.objects.filter(survey=survey, community__startswith=division)
    sums: dict[str, list[int]] = {}
    for kind, n in ResourceCount.objects.filter(sheet__in=sheets).values_list("kind__code", "count"):
        sums.setdefault(kind, []).append(n)
    among = sheets.count()
    return [
        Total(k, sum(sums.get(k.code, ())), len(sums.get(k.code, ())), among - len(sums.get(k.code, ())))
        for k in resource_kinds()
    ]


def resource_rows(*, actor: Actor, survey_id: int, division: str = "") -> dict[str, dict[str, int]]:
    """community -> kind -> count, for the workbook; every community of the survey is in it."""
    survey = surveys.survey(actor=actor, survey_id=survey_id)
    sheets = Sheet.objects.filter(survey=survey, community__startswith=division).order_by("community")
    found: dict[str, dict[str, int]] = {c: {} for c in sheets.values_list("community", flat=True)}
    counts = ResourceCount.objects.filter(sheet__in=sheets)
    for community, kind, n in counts.values_list("sheet__community", "kind__code", "count"):
        found[community][kind] = n
    return found
