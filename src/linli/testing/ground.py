"""The ground of a case, made once for many tests: an outer transaction holds it, each test rolls back to it.

Making it takes ten times as long as a usual test that stands on it. Tests whose threads or processes must see it, and
the first of a worker, make their own (`fixtures.district`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

NEEDED = "district"  # the fixture that asks for the ground
COMMITTING = {"transactional_db", "live_server", "django_db_reset_sequences", "django_db_serialized_rollback"}


class Ground:
    """`ready(...)` once the database of this worker stands; then `turn(item)` before each test."""

    def __init__(self) -> None:
        self._blocker: Any = None
        self._make: Callable[[], None] | None = None
        self._outer: transaction.Atomic | None = None

    @property
    def laid(self) -> bool:
        """Whether the test that runs now stands on the ground already."""
        return self._outer is not None

    def ready(self, blocker: Any, make: Callable[[], None]) -> None:
        self._blocker, self._make = blocker, make

    def turn(self, item: pytest.Item) -> None:
        """Lay the ground for a test that asks for it, take it away from one that reads the database without it."""
        names = set(getattr(item, "fixturenames", ()))
        marked = item.get_closest_marker("django_db")
        commits = COMMITTING & names or (marked is not None and marked.kwargs.get("transaction"))
        if commits or NEEDED not in names:
            if commits or marked is not None or "db" in names:
                self.lift()
            return
        if self._outer is not None and connection.closed_in_transaction:  # a test closed what the ground stood on
            self.lift()
        if self._outer is None:
            self._lay()

    def _lay(self) -> None:
        if self._make is None:
            return
        with self._blocker.unblock():
            self._outer = transaction.atomic()
            self._outer.__enter__()
            try:
                self._make()
            except BaseException:
                self.lift()
                raise

    def lift(self) -> None:
        """Roll the ground back, if it is laid."""
        outer, self._outer = self._outer, None
        if outer is None:
            return
        with self._blocker.unblock():
            if not connection.closed_in_transaction:
                transaction.set_rollback(True)
            outer.__exit__(None, None, None)


ground = Ground()
