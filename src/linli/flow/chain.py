"""The hash chain over a matter's journal. Pure: texts in, hashes out."""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import datetime
from typing import Any

from linli.core.canonical import canonical

GENESIS = "0" * 64


def line_body(
    *,
    matter_key: str,
    seq: int,
    verb: str,
    actor: str,
    at: datetime,
    source: str,
    target: str,
    facts: dict[str, Any],
    sealed_digest: str | None,
) -> str:
    """The canonical text of one line. `facts` holds nothing personal; free text is only a digest here."""
    return canonical(
        {
            "v": 1,
            "matter": matter_key,
            "seq": seq,
            "verb": verb,
            "actor": actor,
            "at": at,
            "from": source,
            "to": target,
            "facts": facts,
            "sealed": sealed_digest,
        }
    )


def line_hash(previous: str, body: str) -> str:
    """SHA-256 over the previous line's hash and this body."""
    return hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest()


def new_salt() -> bytes:
    """16 random bytes: without the salt a short personal text cannot be guessed from its digest."""
    return os.urandom(16)


def sealed_digest(salt: bytes, text: str) -> str:
    """HMAC-SHA-256 of the personal part under its own salt."""
    return hmac.new(salt, text.encode(), hashlib.sha256).hexdigest()
