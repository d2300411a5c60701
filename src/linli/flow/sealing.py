"""The personal part of a line, sealed to its place: moved to another line, or to another matter, it does not open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from linli.core.canonical import canonical
from linli.vault import keys

from . import chain
from .models import Sealed


@dataclass(frozen=True, slots=True)
class SealedText:
    """What a line keeps of its personal part: two erasable columns, and the digest that stays."""

    salt: bytes
    ciphertext: bytes
    digest: str


def seal_text(personal: Mapping[str, Any] | None, *, matter_key: UUID, seq: int) -> SealedText | None:
    """The personal part of line `seq` of a matter, sealed; None when there is nothing to seal."""
    kept = {k: v for k, v in (personal or {}).items() if v not in (None, "")}
    if not kept:
        return None
    text = canonical(kept)
    salt = chain.new_salt()
    ciphertext = keys.seal("sealed", text.encode(), aad=_place(matter_key, seq))
    return SealedText(salt, ciphertext, chain.sealed_digest(salt, text))


def unseal_text(sealed: Sealed, *, matter_key: UUID, seq: int, digest: str) -> str:
    """The canonical text of a part that is not erased; `digest` is what its line holds.

    Raises keys.Changed when the bytes are not those of this line, keys.KeyTrouble when the key is not there.
    """
    assert sealed.ciphertext is not None and sealed.salt is not None
    ciphertext = bytes(sealed.ciphertext)
    # Parts sealed before places were part of the seal still open; the digest alone says whose they are.
    aad = _place(matter_key, seq) if keys.is_bound(ciphertext) else b""
    text = keys.unseal("sealed", ciphertext, aad=aad).decode()
    if chain.sealed_digest(bytes(sealed.salt), text) != digest:
        raise keys.Changed("a sealed part does not belong to its line")
    return text


def _place(matter_key: UUID, seq: int) -> bytes:
    return f"line\0{matter_key.hex}\0{seq}".encode()
