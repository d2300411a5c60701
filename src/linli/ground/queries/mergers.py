"""Mergers as pages show them: numbers by net, lines to decide, stretches of borders, who answers afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from linli.core.actor import Actor
from linli.core.errors import Missing
from linli.flow import queries as flow
from linli.organisations import queries as organisations
from linli.territory import queries as territory

from .. import merging, permissions
from ..choices import Finding, Net
from ..models import MergeLine, NetBorder, NetMerger
from ..rules import MERGER

PAGE = 50
MISSING = "missing"
FINDINGS: tuple[tuple[str, Any], ...] = (
    (Finding.SEVERAL, _("多个责任单位")), (Finding.NONE, _("没有责任单位")), (MISSING, _("没有数据")),
    (Finding.BORDER, _("界线不一致")), (Finding.ONE, _("一个责任单位")),
)  # fmt: skip
WORDS = dict(FINDINGS)


@dataclass(frozen=True, slots=True)
class MergerView:
    """A merger with how far its decisions are: `left` lines of `open` (those that needed one)."""

    id: int
    name: str
    stage: str
    stage_name: Any
    opened_at: datetime
    simulated: bool
    left: int = 0
    open: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    body: str
    body_code: str
    share: float
    cells: tuple[str, ...]

    @property
    def percent(self) -> str:
        return f"{100 * self.share:.1f}%"


@dataclass(frozen=True, slots=True)
class LineView:
    """One line: what was found, who claims it, what was decided. `seen` guards a decision against another."""

    id: int
    net: str
    code: str
    community: str
    finding: str
    claims: tuple[Claim, ...]
    uncovered: float
    decided: bool
    body: str
    body_code: str
    decided_by: str
    decided_at: datetime | None
    seen: int

    @property
    def net_name(self) -> Any:
        return Net(self.net).label

    @property
    def finding_name(self) -> Any:
        return WORDS[self.finding]

    @property
    def tone(self) -> str:
        return {Finding.SEVERAL: "late", Finding.NONE: "late", MISSING: "dashed", Finding.BORDER: "soon"}.get(
            self.finding, "ok"
        )

    @property
    def uncovered_percent(self) -> str:
        return f"{100 * self.uncovered:.1f}%" if self.uncovered >= 0.0005 else ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: `finding` a Finding or MISSING; `state` open, decided or "" ; `within` a subdistrict."""

    net: str = ""
    finding: str = ""
    state: str = ""
    within: str = ""
    code: str = ""

    @classmethod
    def of(cls, data: Mapping[str, str]) -> Wanted:
        net, finding, state = data.get("net", ""), data.get("finding", ""), data.get("state", "")
        within, code = data.get("within", ""), data.get("code", "")
        return cls(
            net if net in Net.values else "",
            finding if finding in WORDS else "",
            state if state in ("open", "decided") else "",
            within if within.isascii() and within.isdigit() and len(within) in (9, 12) else "",
            code if code.isascii() and code.isdigit() and len(code) <= 15 else "",
        )

    def query(self) -> dict[str, str]:
        pairs = (
            ("net", self.net),
            ("finding", self.finding),
            ("state", self.state),
            ("within", self.within),
            ("code", self.code),
        )
        return {k: v for k, v in pairs if v}


def mergers(actor: Actor, only: Sequence[int] | None = None) -> list[MergerView]:
    """All mergers, or `only` these, the newest first (2 SQL)."""
    permissions.can_read(actor).or_forbidden()
    wanted = NetMerger.objects.select_related("matter").defer("summary").order_by("-pk")
    rows = list(wanted if only is None else wanted.filter(pk__in=list(only)))
    count = MergeLine.objects.filter(merger__in=[r.pk for r in rows if r.matter.stage == "open"])
    numbers = {m: (left, n) for m, left, n in count.values_list("merger").annotate(
        left=Count("pk", filter=Q(decided=False)), n=Count("pk", filter=~Q(finding=Finding.ONE)))}  # fmt: skip
    return [_view(r, *numbers.get(r.pk, (0, 0))) for r in rows]


def _view(row: NetMerger, left: int, of: int) -> MergerView:
    stage = row.matter.stage
    return MergerView(
        row.pk, row.name, stage, MERGER.stages[stage].label, row.matter.opened_at, row.simulated, left, of
    )


def views_of(actor: Actor, pks: Sequence[int]) -> list[MergerView]:
    """Some of them, for the inbox (2 SQL)."""
    return mergers(actor, pks)


def merger(actor: Actor, id: int) -> NetMerger:
    """With its matter. Raises Missing."""
    permissions.can_read(actor).or_forbidden()
    row = NetMerger.objects.select_related("matter").filter(pk=id).first()
    if row is None:
        raise Missing("no_such_merger", _("没有这次融合。"))
    return row


def progress(merger_id: int) -> dict[str, tuple[int, int]]:
    """(left, all that need a decision) by net, "" for all (1 SQL)."""
    rows = MergeLine.objects.filter(merger_id=merger_id).exclude(finding=Finding.ONE).values_list("net")
    found = {net: (left, n) for net, left, n in rows.annotate(left=Count("pk", filter=Q(decided=False)), n=Count("pk"))}
    found = {net: found.get(net, (0, 0)) for net in Net.values}
    return {**found, "": (sum(a for a, _n in found.values()), sum(n for _a, n in found.values()))}


def matching(merger_id: int, wanted: Wanted) -> QuerySet[MergeLine]:
    """The lines that match, in no order."""
    rows = MergeLine.objects.filter(merger_id=merger_id)
    if wanted.net:
        rows = rows.filter(net=wanted.net)
    if wanted.finding == MISSING:
        rows = rows.filter(finding=Finding.NONE, uncovered__gt=merging.MISSING)
    elif wanted.finding == Finding.NONE:
        rows = rows.filter(finding=Finding.NONE, uncovered__lte=merging.MISSING)
    elif wanted.finding:
        rows = rows.filter(finding=wanted.finding)
    if wanted.state:
        rows = rows.filter(decided=wanted.state == "decided")
    if wanted.within or wanted.code:
        rows = rows.filter(code__startswith=wanted.code or wanted.within)
    return rows


def lines(merger_id: int, wanted: Wanted, after: int = 0) -> tuple[list[LineView], int, int]:
    """A page in the order of codes, the offset of the next page (0 at the end), how many match."""
    rows = matching(merger_id, wanted)
    count = rows.count()
    page = list(rows.order_by("code", "net")[after : after + PAGE])
    return [line_view(r) for r in page], after + PAGE if after + PAGE < count else 0, count


def every_line(merger_id: int, wanted: Wanted) -> Iterator[LineView]:
    """All that match, for a table out."""
    return (line_view(r) for r in matching(merger_id, wanted).order_by("code", "net").iterator(1000))


def line_view(r: MergeLine) -> LineView:
    """A line in words."""
    claims = []
    for body_id, share in merging.sums(r.claims):
        body = organisations.body(body_id)
        held = tuple(c for c, b, _s in r.claims if b == body_id)
        claims.append(Claim(body.name if body else "", body.code if body else "", share, held))
    nobody = [(c, s) for c, b, s in r.claims if b is None]
    if nobody:
        claims.append(Claim("", "", sum(s for _c, s in nobody), tuple(c for c, _s in nobody)))
    chosen = organisations.body(r.body_id)
    finding = MISSING if merging.is_missing(r.finding, r.uncovered) else r.finding
    return LineView(
        r.pk, r.net, r.code, territory.division_name(r.code), finding, tuple(claims), r.uncovered, r.decided,
        chosen.name if chosen else "", chosen.code if chosen else "", r.decided_by, r.decided_at, r.decided_seq or 0,
    )  # fmt: skip


def stretches(merger_id: int, net: str) -> list[list[Any]]:
    """As NetBorder keeps them, the largest area first (1 SQL)."""
    found = NetBorder.objects.filter(merger_id=merger_id, net=net).values_list("stretches", flat=True).first()
    return list(found or ())


def stretches_geojson(merger_id: int, net: str) -> str:
    """The stretches that disagree, for the map: `n` is the place in the list from 1."""
    features = [
        {"type": "Feature", "properties": {"n": n, "area": row[6], "pair": f"{row[0]} / {row[1] or '—'}"},
         "geometry": {"type": "MultiLineString", "coordinates": row[7]}}
        for n, row in enumerate(stretches(merger_id, net), 1)
    ]  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":"))


def findings_geojson(merger_id: int, net: str) -> str:
    """Base grids of one net with what was found (`f`) and whether it is decided (`d`)."""
    rows = MergeLine.objects.filter(merger_id=merger_id, net=net).values_list(
        "pk", "code", "finding", "uncovered", "decided"
    )
    cells = territory.cells()
    features = []
    for pk, code, finding, uncovered, decided in rows:
        shape = cells.get(code)
        if shape is None:
            continue
        said = MISSING if merging.is_missing(finding, uncovered) else finding
        rough = shapely.set_precision(shape, 1e-6, mode="pointwise")
        properties = {"id": pk, "code": code, "f": said, "d": decided}
        features.append({"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(rough)})
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, separators=(",", ":"))


def totals(merger_id: int) -> Sequence[tuple[str, str, int]]:
    """(net, body, base grids) decided, the most first: which duty falls on whom afterwards (1 SQL)."""
    rows = (
        MergeLine.objects.filter(merger_id=merger_id, decided=True)
        .values_list("net", "body_id")
        .annotate(n=Count("pk"))
    )
    return sorted(((net, organisations.body_name(b), n) for net, b, n in rows), key=lambda r: (r[0], -r[2], r[1]))


def history(row: NetMerger, *, personal: bool) -> list[flow.Line]:
    """The journal. `personal` opens the reasons: the caller has asked a permission."""
    return flow.history(row.matter, MERGER, personal=personal)
