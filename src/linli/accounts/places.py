"""Divisions as the settings pages need them: a name for a code, and grouped choices for a picker."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from linli.territory import queries as territory


def division_name(code: str) -> str:
    """Its name, or the code itself when no such division was loaded."""
    return territory.division_name(code) or code


def is_known(code: str) -> bool:
    """Whether the code names a division; before any division was loaded, every well-formed code passes."""
    return not territory.is_loaded() or territory.division(code) is not None


def division_choices(levels: Iterable[int]) -> list[Any]:
    """Choices of a select: the district, the subdistricts, and each subdistrict's communities in a group of its own."""
    wanted = set(levels)
    choices: list[Any] = [("", _("请选择"))]
    subdistricts = territory.divisions(9)
    if 6 in wanted:
        choices += [(d.code, d.name) for d in territory.divisions(6)]
    if 9 in wanted:
        choices.append((_("街道"), [(s.code, s.name) for s in subdistricts]))
    if 12 in wanted:
        choices += [(s.name, [(c.code, c.name) for c in territory.divisions(12, s.code)]) for s in subdistricts]
    return choices
