"""Names of places compared: what is the same but for brackets, spaces and width; how alike two names are. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

_INSIDE = re.compile(r"\(.*?\)|（.*?）|\[.*?\]|【.*?】")
_LOOSE = re.compile(r"[\s·•,，.。\-—_/'’\"“”&]+")


@cache
def limits() -> dict[str, Any]:
    """How near and how alike is worth asking about: data/duplicates.json."""
    path = Path(__file__).resolve().parent / "data" / "duplicates.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def plain_name(text: str) -> str:
    """A name without brackets, spaces, width and case; the brackets stay where nothing else would be left."""
    whole = unicodedata.normalize("NFKC", text).casefold()
    bare = _LOOSE.sub("", _INSIDE.sub("", whole))
    return bare or _LOOSE.sub("", whole)


def alike(one: str, other: str) -> float:
    """0 to 1: Dice's share of common pairs of characters of two plain names."""
    return likeness(one, other, pairs_of_characters(one), pairs_of_characters(other))


def pairs_of_characters(plain: str) -> frozenset[str]:
    """Each two characters of a plain name that stand beside each other."""
    return frozenset(plain[i : i + 2] for i in range(len(plain) - 1))


def likeness(one: str, other: str, a: frozenset[str], b: frozenset[str]) -> float:
    """`alike` for names whose pairs of characters (`a`, `b`) were made before."""
    if one == other:
        return 1.0 if one else 0.0
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0
