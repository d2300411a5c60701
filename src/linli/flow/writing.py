"""Parts of bulk work written beside while the next one is read and computed. `retime` and `rezone` say what is written."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Generic, TypeVar

from django.db import connection

WRITERS = 2  # connections that write side by side on PostgreSQL
Part = TypeVar("Part")
Answer = TypeVar("Answer")


class Writing(Generic[Part, Answer]):
    """Calls `write` for each part: by threads with connections of their own on PostgreSQL, at once on SQLite and
    inside somebody's transaction. `answers` are what the calls gave, in the order of the parts."""

    def __init__(self, write: Callable[[Part], Answer], writers: int | None = None) -> None:
        beside = connection.vendor == "postgresql" and not connection.in_atomic_block
        self.writers = (WRITERS if writers is None else writers) if beside else 0
        self.answers: list[Answer] = []
        self._write = write
        self._waiting: deque[Future[Answer]] = deque()

    def __enter__(self) -> Writing[Part, Answer]:
        self._pool = ThreadPoolExecutor(self.writers, "writing") if self.writers else None
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is None:
            return
        for waiting in self._waiting:
            waiting.cancel()
        together = Barrier(self.writers)  # so that each thread gives back its own connection
        for _writer in range(self.writers):
            self._pool.submit(_give_back, together)
        self._pool.shutdown(wait=True)

    def put(self, part: Part) -> None:
        """Write this part, now or beside; waits while more than one part a writer is under way."""
        if self._pool is None:
            self.answers.append(self._write(part))
            return
        self._waiting.append(self._pool.submit(self._write, part))
        while len(self._waiting) > self.writers + 1:
            self.answers.append(self._waiting.popleft().result())

    def wait(self) -> None:
        """Until everything is written."""
        while self._waiting:
            self.answers.append(self._waiting.popleft().result())


def _give_back(together: Barrier) -> None:
    """At the end of a writing thread: its connection would stay open otherwise."""
    together.wait()
    connection.close()
