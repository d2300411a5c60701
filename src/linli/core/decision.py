"""A permission's answer: allowed or not, with the reason that the screen shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import Forbidden


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason` is a Chinese sentence and `code` a stable token; both empty when allowed."""

    allowed: bool
    reason: Any = ""
    code: str = ""

    def __bool__(self) -> bool:
        return self.allowed

    def or_forbidden(self) -> None:
        """Raise `Forbidden` with the reason unless allowed."""
        if not self.allowed:
            raise Forbidden(self.code or "not_allowed", self.reason)


YES = Decision(True)


def no(code: str, reason: Any) -> Decision:
    """A refusal with its reason."""
    return Decision(False, reason, code)
