"""What the lists of forms offer: classes by their tree, bodies by their kind, divisions; and the letters that find them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from linli.organisations import queries as organisations
from linli.organisations.choices import SOCIETY, BodyKind
from linli.response import queries as response
from linli.response.catalogue import initials_of
from linli.territory import queries as territory

WORKING = (BodyKind.SUBDISTRICT_OFFICE, BodyKind.GRID_TEAM, BodyKind.DEPARTMENT, BodyKind.ENTERPRISE,
           BodyKind.COMMAND_CENTRE, BodyKind.COMMUNITY_COMMITTEE, *SOCIETY)  # fmt: skip

VERSION_MOST = 2**31 - 2
"""What a version column holds, and one more."""


class Day(forms.DateInput):
    """A date field of the browser, in ISO form."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def class_choices(*, tops: bool = False) -> list[Any]:
    """Published classes in groups of their top class; with `tops` each top class as a whole stands first in its group."""
    groups: dict[str, list[tuple[str, str]]] = {}
    heads: dict[str, str] = {}
    for view in response.classes():
        groups.setdefault(view.top_name, []).append((view.code, view.name))
        heads[view.top_name] = view.top_code
    return [
        (name, [*([(heads[name], _("%(name)s（全部）") % {"name": name})] if tops else []), *rows])
        for name, rows in groups.items()
    ]


def body_choices(division: str = "", *, wide: bool = True) -> list[Any]:
    """Active bodies by kind: those of the division and inside it, and (`wide`) those of the whole district."""
    groups: dict[str, list[tuple[int, str]]] = {}
    for kind in WORKING:
        for body in organisations.bodies(kinds=(kind,)):
            near = not division or body.division.startswith(division) or (wide and len(body.division) == 6)
            if near:
                groups.setdefault(str(kind.label), []).append((body.id, body.name))
    return list(groups.items())


def division_choices(codes: list[str] | None = None, *, communities: bool = False) -> list[Any]:
    """Divisions that begin with one of `codes` (None: all), the district first; communities in groups if wanted."""

    def inside(code: str) -> bool:
        return codes is None or any(code.startswith(c) for c in codes)

    plain = [(d.code, d.name) for size in (6, 9) for d in territory.divisions(size) if inside(d.code)]
    if not communities:
        return plain
    groups = [
        (d.name, [(c.code, c.name) for c in territory.divisions(12, d.code) if inside(c.code)])
        for d in territory.divisions(9)
    ]
    return [(_("区和街道"), plain), *((name, rows) for name, rows in groups if rows)]


@lru_cache(maxsize=4096)
def _letters(name: str) -> str:
    return initials_of(name[:12])


def letters(*, classes: bool = False, bodies: bool = False, divisions: bool = False) -> dict[str, str]:
    """Pinyin initials (and of bodies the short name) by value, for the search in the lists."""
    found: dict[str, str] = {}
    if classes:
        for view in response.classes():
            found[view.code] = view.initials
            found.setdefault(view.top_code, _letters(view.top_name_zh))
    if bodies:
        found |= {str(b.id): f"{_letters(b.name)} {b.short_name}" for b in organisations.bodies()}
    if divisions:
        found |= {d.code: _letters(d.name) for size in (6, 9, 12) for d in territory.divisions(size)}
    return found
