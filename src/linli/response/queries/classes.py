"""Reads of the catalogue: classes, routes, gaps. Public facts, no actor."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from linli.organisations import queries as organisations

from ..catalogue import Catalogue, ClassView, catalogue, view_of
from ..choices import Tree
from ..models import Case
from . import routing

QUESTION_CLASSES = Path(__file__).resolve().parent.parent / "data" / "question_classes.csv"


def classes() -> tuple[ClassView, ...]:
    """The published classes in the order of their codes."""
    return tuple(catalogue().by_code.values())


def class_by_code(code: str) -> ClassView | None:
    return catalogue().by_code.get(code)


def class_by_id(version: int) -> ClassView:
    """The class with this type version, published or not."""
    return catalogue().by_id[version]


def class_of(case: Case) -> ClassView:
    """The version of the class that this case keeps."""
    return view_of(catalogue(), case.case_class_id, case.limit_class_id)


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


def question_classes() -> tuple[ClassView, ...]:
    """The published classes of questions that may be answered at once."""
    return tuple(v for v in classes() if v.tree == Tree.CONSULTATION and "answer" in v.variant.chosen)


@lru_cache(maxsize=1)
def _by_category() -> dict[str, str]:
    with QUESTION_CLASSES.open(encoding="utf-8", newline="") as rows:
        return {row["category"]: row["class_code"] for row in csv.DictReader(rows)}


def question_class(category: str) -> ClassView | None:
    """The class of a question that an article of this category answers: by the longest part of the category that the
    table knows; else the last one, which is the one for all others; None where no class of questions is published."""
    known = {view.code: view for view in question_classes()}
    table = _by_category()
    for length in range(len(category), 0, -1):
        if (code := table.get(category[:length])) in known:
            return known[code]
    return known[max(known)] if known else None


@dataclass(frozen=True, slots=True)
class Gap:
    """A class without a body in a division."""

    division: str
    class_code: str
    class_name: str


def route_gaps(known: Catalogue | None = None) -> list[Gap]:
    """Every (subdistrict × class) for which nobody answers; those cases go to the district's dispatcher."""
    known = known or catalogue()
    return [
        Gap(division, code, known.by_code[code].name)
        for division, code in routing.unowned_pairs()
        if code in known.by_code
    ]


def suggested_body(case: Case) -> Any:
    """The body the routes point at, or None; merged bodies answer through their successor."""
    return organisations.body(organisations.resolve(case.suggested_body_id)) if case.suggested_body_id else None
