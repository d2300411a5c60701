"""A report while it is written: carried by the page itself in a signed field, so that nothing is stored of who only looks.

What is signed cannot be exchanged for another's: neither the key that makes sending harmless to repeat, nor photographs.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.core import signing

from ..choices import PHOTO_MAX

SALT = "linli.portal.draft"
PHOTO_SALT = "linli.portal.photo"
MAX_AGE_S = 2 * 86400
KEPT = 4000  # characters of one field that a draft carries; what is longer is refused at its own step


@dataclass(frozen=True, slots=True)
class Draft:
    """What was said so far. `key` is the client key; `photos` are upload keys of this draft's own pictures."""

    key: str
    lon: float | None = None
    lat: float | None = None
    source: str = ""
    chosen: str = ""  # the name of the place that was picked from a list or a search
    class_code: str = ""
    description: str = ""
    address: str = ""
    photos: tuple[str, ...] = ()
    phone: str = ""
    name: str = ""
    agreed: bool = False

    @property
    def placed(self) -> bool:
        return self.lon is not None and self.lat is not None

    def same_place(self) -> Draft:
        """A new report at the place of this one."""
        return replace(new(), lon=self.lon, lat=self.lat, source=self.source, chosen=self.chosen)


def new() -> Draft:
    return Draft(key=uuid.uuid4().hex)


def dumps(draft: Draft) -> str:
    """The signed text of a draft, for a hidden field."""
    said = {k: v for k, v in asdict(draft).items() if v not in ("", None, (), False)}
    return signing.dumps({k: v[:KEPT] if isinstance(v, str) else v for k, v in said.items()}, salt=SALT, compress=True)


def loads(text: str) -> Draft | None:
    """The draft of a hidden field; None if it was changed, is too old, or is nothing of ours."""
    try:
        said: dict[str, Any] = signing.loads(text, salt=SALT, max_age=MAX_AGE_S)
        return Draft(**{**said, "photos": tuple(said.get("photos", ()))})
    except (signing.BadSignature, TypeError, ValueError, AttributeError):
        return None


def photo_token(draft_key: str, upload_key: str) -> str:
    """Says that this picture belongs to this draft, and to no other."""
    return signing.Signer(salt=f"{PHOTO_SALT}.{draft_key}").sign(upload_key)


def photo_key(draft_key: str, token: str) -> str | None:
    """The upload key of a token of this draft, else None."""
    try:
        return signing.Signer(salt=f"{PHOTO_SALT}.{draft_key}").unsign(token[:200])
    except signing.BadSignature:
        return None


def own_photos(draft_key: str, tokens: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    """The pictures that these tokens prove, at most PHOTO_MAX, and whether any token was refused."""
    keys = [photo_key(draft_key, token) for token in tokens if token]
    good = tuple(dict.fromkeys(k for k in keys if k))
    return good[:PHOTO_MAX], None in keys or len(good) > PHOTO_MAX


def coordinate(text: str) -> float | None:
    """A finite number in a field, or None."""
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
