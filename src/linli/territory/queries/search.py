"""Which place is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Invalid

from ..search import LONGEST
from ..snapshot import current


@dataclass(frozen=True, slots=True)
class PlaceHit:
    """A place found. `division` answers for it; `code` is its own code if it is a division; `note` says what is odd."""

    kind: str
    name: str
    detail: str
    lon: float
    lat: float
    division: str
    approximate: bool
    code: str = ""
    note: Any = ""


def search_places(text: str, limit: int = 10) -> tuple[PlaceHit, ...]:
    """Places by name, full pinyin or initials, best first; spaces and case do not matter.

    Raises Invalid query_too_long above 60 characters.
    """
    if len(text) > LONGEST:
        message = _("搜索的文字太长，最多 60 个字。")
        raise Invalid("query_too_long", message, fields={"q": [message]})
    rows, index = current().places
    return tuple(_hit(rows[i]) for i in index.find(text, min(max(limit, 0), 50)))


def _hit(row: dict[str, Any]) -> PlaceHit:
    falls = bool(row["code"]) and row["code"] != row["division"]
    return PlaceHit(
        kind=row["kind"],
        name=row["name"],
        detail=row["detail"],
        lon=row["lon"],
        lat=row["lat"],
        division=row["division"],
        approximate=row["approximate"],
        code=row["code"],
        note=_("社区界线尚缺，按街道受理") if falls else "",
    )
