"""Canonical text: one value, one sequence of bytes, so that a hash means something."""

from __future__ import annotations

import json
import unicodedata
from datetime import date, datetime
from typing import Any


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("a time without a zone has no canonical form")
        return value.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    raise TypeError(f"no canonical form for {type(value).__name__}")  # floats above all: write them as text


def canonical(value: Any) -> str:
    """JSON with sorted keys, no spaces, NFC text and no floats. Raises TypeError for anything else."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
