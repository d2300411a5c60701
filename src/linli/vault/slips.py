"""Codes of printed slips: made at random, read over the telephone, kept only as a keyed mark."""

from __future__ import annotations

import secrets
import unicodedata

from . import keys

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # neither 0 nor 1: what is misread can be put right
LENGTH, GROUP = 10, 5  # 50 random bits, said in two groups
_MISREAD = str.maketrans({"0": "O", "1": "I", "8": "B", "9": "G"})
LONGEST = 40  # characters of what somebody types that are looked at


def new_code() -> str:
    """A code that no one can guess."""
    return "".join(secrets.choice(LETTERS) for _n in range(LENGTH))


def grouped(code: str) -> str:
    """As it is printed and said: ABCDE-FGHIJ."""
    return "-".join(code[i : i + GROUP] for i in range(0, len(code), GROUP))


def normal(text: str) -> str:
    """What somebody typed, as a code; "" when it cannot be one."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST]).upper()
    code = "".join(c for c in plain if c.isalnum()).translate(_MISREAD)
    return code if len(code) == LENGTH and set(code) <= set(LETTERS) else ""


def mark(code: str) -> str:
    """What is kept of a code."""
    return keys.mac("receipt", _bytes(code))


def marks(code: str) -> tuple[str, ...]:
    """Every mark a code may lie under: keys rotate."""
    return keys.macs("receipt", _bytes(code))


def drawing(address: str) -> str:
    """An address as a QR code: the data of an image."""
    import segno

    made = segno.make(address, error="m", micro=False)
    return str(made.svg_data_uri(scale=4, border=2, svgclass=None, lineclass=None))


def _bytes(code: str) -> bytes:
    return b"slip|" + code.encode()
