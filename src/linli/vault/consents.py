"""The texts that residents agree to: versioned data. A published version is never edited; a new one is added."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

SOURCE = Path(__file__).with_name("consents.json")


@dataclass(frozen=True, slots=True)
class Consent:
    """One version of one text. `zh` is what binds, `en` a translation."""

    version: str
    purpose: str
    valid_from: date
    zh: str
    en: str
    provenance: str
    handling_body: bool = False  # whether the body that works on the matter may see the contact meanwhile

    def text(self, language: str) -> str:
        """The text in the reader's language."""
        return self.en if language.startswith("en") else self.zh


@lru_cache(maxsize=1)
def consents() -> dict[str, Consent]:
    """Every version ever published, by its name."""
    rows = json.loads(SOURCE.read_text(encoding="utf-8"))
    return {r["version"]: Consent(**{**r, "valid_from": date.fromisoformat(r["valid_from"])}) for r in rows}
