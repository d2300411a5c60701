"""What this engine says no to: one class, a stable code, and what the sentence needs."""

from __future__ import annotations


class Refused(ValueError):
    """Nothing was changed. `code` is stable, `where` names parcels or cells, `data` holds numbers for the sentence."""

    def __init__(self, code: str, text: str, *where: str, **data: float | str) -> None:
        super().__init__(f"[{code}] {text}: {', '.join(where)}" if where else f"[{code}] {text}")
        self.code, self.text, self.where, self.data = code, text, where, data
