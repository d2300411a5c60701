"""Search over 20,000 articles: the index in the process, a table of pairs in the database, and SQLite's FTS5 as peer.

`python bench/run.py knowledge` runs each database in a child process with its own folder. CPU is the application's (on
SQLite the database runs inside it; on PostgreSQL the time of the whole call is given beside it, for the server's share
is not in our CPU). The peer is measured in the same run, with the same articles and queries.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bench.peers import scratch

AREA = "knowledge"
ARTICLES = int(os.environ.get("LINLI_BENCH_ARTICLES", "20000"))


def run() -> list[dict[str, Any]]:
    """Both databases, one after the other; PostgreSQL is left out, and said so, where none answers."""
    sizes = {"sqlite": ARTICLES, "postgresql": ARTICLES}
    return scratch.on_both(scratch.HERE / "articles.py", "linli_bench_knowledge", sizes)


if __name__ == "__main__":
    print(json.dumps(run(), ensure_ascii=False, indent=1))
