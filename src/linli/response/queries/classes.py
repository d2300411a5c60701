"""Reads of the catalogue: classes, routes, gaps. Public facts, no actor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from linli.organisations import queries as organisations
from linli.territory import queries as territory

from ..catalogue import Catalogue, ClassView, catalogue
from ..models import Case


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
