"""Reads of bodies, from a copy kept in the process and checked against one revision row at most once a second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from linli.core.reference import Reference

from .models import Body, Revision


@dataclass(frozen=True, slots=True)
class BodyView:
    """One body. `merged_into` is the id of the body that answers now, or None."""

    id: int
    code: str
    name: str
    short_name: str
    kind: str
    division: str
    provisional: bool
    is_active: bool
    merged_into: int | None


@dataclass(frozen=True)
class _Copy:
    revision: str
    by_id: Mapping[int, BodyView] = field(default_factory=dict)
    by_code: Mapping[str, BodyView] = field(default_factory=dict)
    active: tuple[BodyView, ...] = ()
    family: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


def _revision() -> str:
    return Revision.objects.filter(pk=1).values_list("value", flat=True).first() or ""


def _read(revision: str) -> _Copy:
    rows = [
        BodyView(*row)
        for row in Body.objects.order_by("code").values_list(
            "id", "code", "name", "short_name", "kind", "division", "provisional", "is_active", "merged_into_id"
        )
    ]
    by_id = {b.id: b for b in rows}
    family: dict[int, tuple[int, ...]] = {}
    for b in rows:
        last = _follow(by_id, b.id)
        family[last] = (*family.get(last, ()), b.id)
    return _Copy(revision, by_id, {b.code: b for b in rows}, tuple(b for b in rows if b.is_active), family)


_reference = Reference(_revision, _read)


def forget() -> None:
    """Drop this process's copy, so that the next read goes to the database."""
    _reference.forget()


def _bodies() -> _Copy:
    return _reference.get()


def _follow(by_id: Mapping[int, BodyView], body_id: int) -> int:
    seen = {body_id}
    while (b := by_id.get(body_id)) is not None and b.merged_into is not None and b.merged_into not in seen:
        body_id = b.merged_into
        seen.add(body_id)
    return body_id


def body(body_id: int | None) -> BodyView | None:
    """The body with this id, as it stands in the table (merged or not)."""
    return None if body_id is None else _bodies().by_id.get(body_id)


def body_by_code(code: str) -> BodyView | None:
    """The body with this code."""
    return _bodies().by_code.get(code)


def body_name(body_id: int | None, short: bool = False) -> str:
    """Its name for a screen, or an empty text."""
    found = body(body_id)
    return "" if found is None else (found.short_name if short else found.name)


def bodies(
    *, kinds: Iterable[str] | None = None, division: str = "", within: str = "", text: str = ""
) -> tuple[BodyView, ...]:
    """Active bodies by code: of these kinds, exactly at `division`, anywhere `within` it, with `text` in the name."""
    wanted = None if kinds is None else set(kinds)
    return tuple(
        b
        for b in _bodies().active
        if (wanted is None or b.kind in wanted)
        and (not division or b.division == division)
        and b.division.startswith(within)
        and (not text or text in b.name or text in b.short_name or text in b.code)
    )


def every_body() -> tuple[BodyView, ...]:
    """All bodies by code, those closed or merged away included."""
    return tuple(_bodies().by_code.values())


def resolve(body_id: int) -> int:
    """The id of the body that answers now: follows merges; an unknown id comes back unchanged."""
    return _follow(_bodies().by_id, body_id)


def family(body_id: int) -> tuple[int, ...]:
    """Every id whose matters the body answers for: itself and all that were merged into the same one."""
    return _bodies().family.get(resolve(body_id), (body_id,))


def revision() -> str:
    """Changes whenever any body does; routing tables built from bodies compare it."""
    return _bodies().revision


def bodies_at(divisions: Iterable[str]) -> tuple[BodyView, ...]:
    """The active bodies that answer for exactly these divisions."""
    wanted = frozenset(divisions)
    return tuple(b for b in _bodies().active if b.division in wanted)
