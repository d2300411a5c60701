"""The four refusals. Anything else that is raised is a bug and rises to the error page.

A refusal carries a stable English `code` (for programs), a sentence in Chinese (translated by the
caller with gettext), the `fields` it concerns and the HTTP `status` that the web shells answer with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Refusal(Exception):
    """A request that was understood and refused. `fields` maps a field name to its sentences."""

    status = 400

    def __init__(
        self,
        code: str,
        message: Any,
        *,
        fields: Mapping[str, Sequence[Any]] | None = None,
        **details: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.fields: dict[str, list[Any]] = {k: list(v) for k, v in (fields or {}).items()}
        self.details = details

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def as_dict(self) -> dict[str, Any]:
        """The JSON form that every API answers with."""
        body: dict[str, Any] = {"code": self.code, "message": str(self.message)}
        if self.fields:
            body["fields"] = {k: [str(s) for s in v] for k, v in self.fields.items()}
        if self.details:
            body["details"] = self.details
        return body


class Invalid(Refusal):
    """The content is not acceptable (422)."""

    status = 422


class Forbidden(Refusal):
    """In scope, but this actor may not do it (403); the message says why."""

    status = 403


class Missing(Refusal):
    """Not there, or out of the actor's scope: the two look the same (404)."""

    status = 404


class Conflict(Refusal):
    """Somebody was faster, or the thing is no longer in that state (409)."""

    status = 409


class TooMany(Refusal):
    """A rate limit was reached (429); `details['retry_after_s']` says when to come back."""

    status = 429


class Busy(Refusal):
    """The database is busy (503); try again after `details['retry_after_s']`."""

    status = 503
