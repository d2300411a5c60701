"""The code on a receipt: it opens the reporter's page and lies nowhere in the database."""

from __future__ import annotations

import base64
import hmac
import unicodedata

from linli.vault import keys


def receipt_code(matter_key: str) -> str:
    """The ten letters of a matter's receipt: a mark of its key, so nothing that opens it lies in the database."""
    return _letters(keys.mac("receipt", matter_key.encode()))


def code_matches(matter_key: str, code: str) -> bool:
    """Whether `code` is this matter's, under any key that was in use. Constant time."""
    given = "".join(unicodedata.normalize("NFKC", code).split()).replace("-", "").upper().encode("utf-8", "replace")
    return any(hmac.compare_digest(_letters(m).encode(), given) for m in keys.macs("receipt", matter_key.encode()))


def _letters(mac: str) -> str:
    return base64.b32encode(bytes.fromhex(mac)[:8]).decode()[:10]
