"""The arrival profile of the demonstration, counted from real 311 cases (developers only; needs pyarrow).

    python packs/build_arrivals.py REQUESTS.parquet > src/linli/testing/data/arrivals.csv

The times in the file are local to America/New_York, without zone; only the shape (weekday x hour) is kept.
"""

from __future__ import annotations

import sys
from collections import Counter

import pyarrow.parquet as pq


def main(path: str) -> None:
    """Print weekday (0 Monday), hour and the share of all arrivals in parts per million."""
    opened = pq.read_table(path, columns=["opened"])["opened"].to_pylist()
    counts = Counter((t.weekday(), t.hour) for t in opened if t is not None and t.year == 2015)
    total = sum(counts.values())
    print("weekday,hour,parts_per_million")
    for weekday in range(7):
        for hour in range(24):
            print(f"{weekday},{hour},{round(counts[weekday, hour] * 1_000_000 / total)}")


if __name__ == "__main__":
    main(sys.argv[1])
