"""One hash for inputs that mean the same: canonical text for values, raw little-endian bytes for arrays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np

METHOD = "composite/1"
"""Enters every digest: a change of a formula changes the hashes of its results."""


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        body = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        return {"kind": type(value).__name__, **body}
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, Mapping):
        return {"map": sorted(([str(k), _plain(v)] for k, v in value.items()), key=lambda pair: pair[0])}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.generic):
        return _plain(value.item())
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, float | int):
        return float.hex(float(value) + 0.0)  # 1 and 1.0 are one number; -0.0 + 0.0 is 0.0
    raise TypeError(f"no canonical form for {type(value).__name__}")


def _array(values: np.ndarray) -> dict[str, Any]:
    kind = "<f8" if values.dtype.kind == "f" else "<i8"
    body = np.ascontiguousarray(values, dtype=kind)
    if kind == "<f8":
        body = body + 0.0
        body[np.isnan(body)] = np.nan  # one bit pattern for "missing"
    return {"shape": list(values.shape), "kind": kind, "sha256": hashlib.sha256(body.tobytes()).hexdigest()}


def canonical(value: Any) -> str:
    """Text that is equal exactly if the values are. Raises TypeError for a kind that has no canonical form."""
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(*values: Any) -> str:
    """SHA-256 in hexadecimal over the canonical text of the values and the version of the method."""
    return hashlib.sha256("\n".join([METHOD, *map(canonical, values)]).encode()).hexdigest()
