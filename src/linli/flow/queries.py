"""Reads over matters of any kind: history, inbox, what changed. Scope is the actor's posts."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Sum, Value, When

from linli.core import clock
from linli.core.actor import Actor

from . import relay
from .actions import open_sealed
from .models import Journal, Matter, Outbox, Sealed
from .rules import Flow

SOON = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a history. `facts` is never personal; `personal` is filled only where the reader may see it."""

    seq: int
    verb: str
    label: Any
    actor: str
    at: datetime
    source: str
    target: str
    facts: Mapping[str, Any]
    personal: Mapping[str, Any]
    erased: bool
    hash: str


def history(matter: Matter, flow: Flow, *, personal: bool) -> list[Line]:
    """The journal of a matter, oldest first. The caller has asked a permission; `personal` opens the sealed parts."""
    lines = []
    for row in Journal.objects.filter(matter=matter).order_by("seq").select_related("sealed"):
        body = json.loads(row.body)
        sealed = getattr(row, "sealed", None)
        move = flow.moves.get(row.verb)
        lines.append(
            Line(
                seq=row.seq,
                verb=row.verb,
                label=move.label if move else row.verb,
                actor=row.actor,
                at=row.at,
                source=body["from"],
                target=body["to"],
                facts=body["facts"],
                personal=open_sealed(sealed, matter=matter) if personal and sealed is not None else {},
                erased=sealed is not None and sealed.salt is None,
                hash=row.hash,
            )
        )
    return lines


def last_personal(matters: Iterable[Matter], verb: str) -> dict[int, Mapping[str, Any]]:
    """The personal part of the last line of `verb`, by matter id; empty where it was erased (1 SQL).

    The caller has shown that the reader may see what this verb says.
    """
    by_id = {m.pk: m for m in matters}
    rows = Journal.objects.filter(matter_id__in=by_id, verb=verb).order_by("seq").select_related("sealed")
    found: dict[int, Sealed] = {row.matter_id: row.sealed for row in rows if hasattr(row, "sealed")}
    return {pk: open_sealed(sealed, matter=by_id[pk]) for pk, sealed in found.items()}


def acted(matter_id: int, verbs: Iterable[str]) -> frozenset[str]:
    """The labels of the actors who did one of `verbs` on this matter."""
    rows = Journal.objects.filter(matter_id=matter_id, verb__in=tuple(verbs))
    return frozenset(rows.values_list("actor", flat=True))


def last_did(matter_id: int, verb: str) -> str:
    """The label of whoever did `verb` last on this matter; '' for nobody (1 SQL)."""
    rows = Journal.objects.filter(matter_id=matter_id, verb=verb).order_by("-seq")
    return rows.values_list("actor", flat=True).first() or ""


def last_of(matter_id: int, verbs: Iterable[str]) -> str:
    """Which of `verbs` was done last on this matter; '' for none (1 SQL)."""
    rows = Journal.objects.filter(matter_id=matter_id, verb__in=tuple(verbs)).order_by("-seq")
    return rows.values_list("verb", flat=True).first() or ""


def last_lines(matters: Collection[int], verbs: Iterable[str]) -> dict[int, tuple[str, str, datetime]]:
    """(verb, actor's label, when) of the last line of one of `verbs`, by matter; without those that have none (1 SQL)."""
    rows = Journal.objects.filter(matter_id__in=list(matters), verb__in=tuple(verbs)).order_by("matter_id", "seq")
    return {pk: (verb, actor, at) for pk, verb, actor, at in rows.values_list("matter_id", "verb", "actor", "at")}


def has_line(verb: str) -> Exists:
    """The condition, over matters, that a line of `verb` was ever written."""
    return Exists(Journal.objects.filter(matter_id=OuterRef("pk"), verb=verb))


def in_area(divisions: Iterable[str], through: str = "") -> Q | None:
    """The condition for matters of these divisions, by equality; None when a district sees everything.

    Six digits are the whole district: one house serves one district, so no condition is needed.
    `through` is the lookup prefix from the caller's table, as 'matter__'.
    """
    subdistricts: set[str] = set()
    communities: set[str] = set()
    for code in divisions:
        if len(code) == 6:
            return None
        (subdistricts if len(code) == 9 else communities).add(code)
    by_subdistrict = Q(**{f"{through}subdistrict__in": subdistricts})
    by_community = Q(**{f"{through}community__in": communities})
    if not communities:
        return by_subdistrict
    return by_subdistrict | by_community if subdistricts else by_community


@dataclass(frozen=True, slots=True)
class InboxPage:
    """One tab of the inbox and the sizes of all three."""

    matters: list[Matter]
    counts: Mapping[str, int]
    next_after: str


def duties(actor: Actor, flows: Iterable[Flow]) -> list[tuple[str, str, QuerySet[Matter]]]:
    """For each flow and each way of finding work (area, body): the open matters this actor answers for now."""
    found = []
    for flow in flows:
        by_posts: dict[tuple[bool, tuple[str, ...]], set[str]] = {}
        bodies: set[str] = set()
        body_ids: set[int] = set()
        for stage in flow.stages.values():
            if stage.token in flow.ends or not stage.kinds or stage.by == "offer":
                continue  # what is offered is nobody's duty: who wants it finds it on the board
            if stage.by == "body":
                mine = actor.bodies(stage.kinds)
                if mine:
                    bodies.add(stage.token)
                    body_ids |= mine
            elif stage.by == "area":
                divisions = tuple(sorted({p.division for p in actor.posts if p.kind in stage.kinds and p.division}))
                if divisions:
                    part = stage.by_level and flow.raised is not None and in_area(divisions) is not None
                    by_posts.setdefault((part, divisions), set()).add(stage.token)
        open_now = Matter.objects.filter(kind=flow.kind, ended_at=None)
        for (part, divisions), stages in by_posts.items():
            rows = open_now.filter(stage__in=stages)
            condition = in_area(divisions)
            rows = rows if condition is None else rows.filter(condition)
            if part and flow.raised is not None:  # raised to the district: a post of a part of it cannot answer
                rows = rows.exclude(flow.raised)
            found.append((flow.kind, "area", rows))
        if bodies:
            found.append((flow.kind, "body", open_now.filter(stage__in=bodies, body_id__in=body_ids)))
        if actor.holds(flow.asks):
            found.append((flow.kind, "asked", _asked(actor, flow, open_now)))
    return found


def _asked(actor: Actor, flow: Flow, open_now: QuerySet[Matter]) -> QuerySet[Matter]:
    """What is asked of the actor's posts beside the stages, each kind of post within its own divisions."""
    wanted = Q(pk__in=())
    for kind in sorted(flow.asks):
        divisions = {p.division for p in actor.posts if p.kind == kind and p.division}
        if divisions:
            condition = in_area(divisions)
            wanted |= Q(post_kind=kind) if condition is None else Q(post_kind=kind) & condition
    return open_now.exclude(post_kind="").filter(wanted)


def by_tab(rows: QuerySet[Matter], tab: str, now: datetime) -> QuerySet[Matter]:
    """today: not late and not soon; soon: due within four hours; overdue: past due."""
    if tab == "overdue":
        return rows.filter(due_at__lt=now)
    if tab == "soon":
        return rows.filter(due_at__gte=now, due_at__lt=now + SOON)
    return rows.filter(Q(due_at__gte=now + SOON) | Q(due_at=None))


def inbox(
    *,
    actor: Actor,
    flows: Iterable[Flow],
    tab: str,
    after: str = "",
    limit: int = 50,
    also: Iterable[QuerySet[Matter]] = (),
) -> InboxPage:
    """The matters that wait for this actor, most urgent first, over every flow. `after` is '<iso due>~<id>'.

    `also` are further matters that wait for the actor, which no duty finds.
    """
    now = clock.now()
    lists = [rows for _kind, _way, rows in duties(actor, flows)] + list(also)
    counts = {name: sum(by_tab(rows, name, now).count() for rows in lists) for name in ("today", "soon", "overdue")}
    return paged([by_tab(rows, tab, now) for rows in lists], after=after, limit=limit, counts=counts)


def paged(
    lists: Iterable[QuerySet[Matter]], *, after: str = "", limit: int = 50, counts: Mapping[str, int] | None = None
) -> InboxPage:
    """One page over several lists, most urgent first, each matter once (1 SQL a list)."""
    now = clock.now()
    matters: dict[int, Matter] = {}
    for rows in lists:
        page = rows.order_by("due_at", "id")
        if after:
            due, _sep, pk = after.partition("~")
            moment = datetime.fromisoformat(due)
            page = page.filter(Q(due_at__gt=moment) | Q(due_at=moment, id__gt=int(pk)))
        for matter in page[: limit + 1]:
            matters[matter.pk] = matter
    ordered = sorted(matters.values(), key=lambda m: (m.due_at or now + timedelta(days=9999), m.pk))
    shown = ordered[:limit]
    more = len(ordered) > limit and shown[-1].due_at is not None
    return InboxPage(shown, counts or {}, f"{shown[-1].due_at.isoformat()}~{shown[-1].pk}" if more else "")  # type: ignore[union-attr]


def position() -> int:
    """The last stamped position of the outbox."""
    return relay.position()


def announced(after: int, limit: int) -> list[tuple[int | None, int, str]]:
    """(position, matter, its kind) of the lines after a position, those that are committed and wait for theirs (None) included."""
    fresh = Outbox.objects.filter(Q(position__gt=after) | Q(position=None))
    return list(fresh.values_list("position", "matter_id", "matter__kind")[:limit])


_of_many: set[str] = set()


def announces(kind: str) -> None:
    """Register a kind whose every line says that many other matters changed, which have no line of it. Wiring only."""
    _of_many.add(kind)


def is_of_many(kind: str) -> bool:
    """Whether a line of this kind says that many other matters changed: who keeps some reads them all again."""
    return kind in _of_many


def changed_after(after: int, limit: int = 500) -> tuple[int, list[int]]:
    """The matters that changed after a position, and the position reached. At most `limit` lines are read."""
    position, ids, _many = changes_after(after, limit)
    return position, ids


def changes_after(after: int, limit: int = 500) -> tuple[int, list[int], bool]:
    """The same, and whether one of them says that many other matters changed as well (1 SQL)."""
    fresh = Outbox.objects.filter(position__gt=after).order_by("position")
    rows = list(fresh.values_list("position", "matter_id", "matter__kind")[:limit])
    position = int(rows[-1][0] or 0) if rows else after
    return position, list(dict.fromkeys(m for _p, m, _k in rows)), any(is_of_many(k) for _p, _m, k in rows)


def moments_of(matters: Collection[int]) -> dict[int, list[tuple[str, datetime]]]:
    """(verb, when) of every line of these matters, in their order (1 SQL)."""
    found: dict[int, list[tuple[str, datetime]]] = {pk: [] for pk in matters}
    rows = Journal.objects.filter(matter_id__in=list(matters)).order_by("matter_id", "seq")
    for matter_id, verb, at in rows.values_list("matter_id", "verb", "at"):
        found[matter_id].append((verb, at))
    return found


def lines_between(kind: str, since: datetime, until: datetime, verbs: Collection[str]) -> QuerySet[Any]:
    """Lines of these verbs over all matters of a kind, in the order of their moments, `until` not included.

    The caller narrows them to what its actor may see, by conditions on `matter__`, and takes columns of them.
    """
    found = Journal.objects.filter(matter__kind=kind, at__gte=since, at__lt=until, verb__in=sorted(verbs))
    return found.order_by("at", "id")


def more_often(
    matters: QuerySet[Any], before: datetime, verbs: Collection[str], than: Collection[str]
) -> QuerySet[Any]:
    """Of these matters (a query of ids), the ids of those that had more lines of `verbs` than of `than` before a moment."""
    lines = Journal.objects.filter(matter_id__in=matters, at__lt=before, verb__in=sorted({*verbs, *than}))
    step = Case(When(verb__in=sorted(than), then=Value(-1)), default=Value(1), output_field=IntegerField())
    counted = lines.order_by().values("matter_id").annotate(_more=Sum(step))
    return counted.filter(_more__gt=0).values_list("matter_id", flat=True)
