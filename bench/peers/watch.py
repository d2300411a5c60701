"""What a piece of work on PostgreSQL costs: wall, the CPU of the application, the CPU of the database's processes."""

from __future__ import annotations

import os
import resource
import threading
import time
from pathlib import Path


class Watch:
    """Wall, the CPU of this process, and the CPU of the database's processes that serve it (not its WAL writer)."""

    def __init__(self, database: str) -> None:
        self.name = database

    def __enter__(self) -> Watch:
        self._before, self._seen = self._backends(), dict[int, float]()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        self._cpu, self._began = self._used(), time.perf_counter()
        return self

    def __exit__(self, *error: object) -> None:
        self.wall, self.application = time.perf_counter() - self._began, self._used() - self._cpu
        self._over.set()
        self._thread.join()
        self.database = sum(used - self._before.get(pid, 0.0) for pid, used in self._seen.items())

    def _look(self) -> None:
        """Every fifth of a second, because a connection takes its figures with it when it ends."""
        while True:
            self._seen |= self._backends()
            if self._over.wait(0.2):
                self._seen |= self._backends()
                return

    @staticmethod
    def _used() -> float:
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime

    def _backends(self) -> dict[int, float]:
        found, tick = {}, os.sysconf("SC_CLK_TCK")
        for folder in Path("/proc").iterdir():
            try:
                if folder.name.isdigit() and f" {self.name} " in (folder / "cmdline").read_text():
                    fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
                    found[int(folder.name)] = (int(fields[11]) + int(fields[12])) / tick
            except OSError:
                continue
        return found
