"""Reference data kept per process: loaded once, checked against one revision at most once a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
CHECK_EVERY_S = 1.0


class Reference(Generic[T]):
    """A value that `load(revision)` makes and that is made again when `revision()` answers something else.

    The revision is read before the value, so a change between the two is seen at the next check.
    """

    def __init__(
        self, revision: Callable[[], object], load: Callable[[Any], T], *, check_every_s: float = CHECK_EVERY_S
    ) -> None:
        self._revision, self._load, self._every = revision, load, check_every_s
        self._lock = threading.Lock()
        self._held: tuple[object, T] | None = None
        self._checked_at = float("-inf")

    def get(self) -> T:
        """The value; no query if it was checked within the last second."""
        held = self._held
        if held is not None and time.monotonic() - self._checked_at < self._every:
            return held[1]
        with self._lock:
            revision = self._revision()
            if self._held is None or self._held[0] != revision:
                self._held = (revision, self._load(revision))
            self._checked_at = time.monotonic()
            return self._held[1]

    def look_again(self) -> None:
        """Ask for the revision at the next `get`; the value stays if it is still that one."""
        with self._lock:
            self._checked_at = float("-inf")

    def forget(self) -> None:
        """Drop the value, so that the next `get` looks."""
        with self._lock:
            self._held, self._checked_at = None, float("-inf")
