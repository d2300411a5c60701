"""Words on a terminal: tables whose Chinese columns line up, and one line of progress. Nothing else is here."""

from __future__ import annotations

import sys
import time
import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Columns that `text` takes: a full-width character takes two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def table(rows: Sequence[Sequence[str]], indent: str = "  ") -> str:
    """`rows` (the first one is the heading) as lines with aligned columns."""
    columns = [max(width(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    lines = []
    for row in rows:
        cells = [cell + " " * (columns[i] - width(cell)) for i, cell in enumerate(row)]
        lines.append((indent + "  ".join(cells)).rstrip())
    return "\n".join(lines)


class Progress:
    """`progress(done, total, "words")`: redraws one line on a terminal, writes at most one line in 5 s elsewhere."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.live = sys.stdout.isatty()
        self.shown_at = 0.0
        self.drawn = False

    def __call__(self, done: int = 0, total: int = 0, words: str = "") -> None:
        now = time.monotonic()
        finished = bool(total) and done >= total
        if not finished and now - self.shown_at < (0.1 if self.live else 5):
            return
        self.shown_at = now
        share = f" {done:,}/{total:,} ({done * 100 // total}%)" if total else (f" {done:,}" if done else "")
        line = f"  {self.title}{share} {words}".rstrip()
        if self.live:
            print(f"\r\033[K{line}", end="", flush=True)
            self.drawn = True
        else:
            print(line)

    def close(self) -> None:
        """End the line that was drawn."""
        if self.drawn:
            print()
            self.drawn = False
