"""`make bench`: runs the modules of this folder and keeps their rows in results.json. No measuring is done here.

A module has `AREA` (or its file's name is the area) and `run() -> list[dict]` with rows
{name, database, value, unit, better: lower|higher, limit, peer, peer_value}; area and machine are added here.
A wall clock never fails a run: machines differ, and a missed limit is marked and read by people.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = Path(os.environ.get("LINLI_BENCH_RESULTS", HERE / "results.json"))
FIELDS = ("area", "name", "database", "value", "unit", "better", "limit", "peer", "peer_value", "machine")


def machine() -> str:
    """The processor and how many cores this process may use."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, Python {platform.python_version()}"


def modules(wanted: list[str]) -> list[tuple[str, Path]]:
    """(area, file) of the modules to run; the folder `peers` and names that start with _ are material, not modules."""
    files = [p for p in sorted(HERE.glob("*.py")) if p.name != "run.py" and not p.name.startswith("_")]
    return [(p.stem, p) for p in files if not wanted or p.stem in wanted]


def load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"bench_{name}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def check(row: dict[str, Any]) -> dict[str, Any]:
    """The row with every field in its place. Raises ValueError for one that could not be read later."""
    unknown = set(row) - set(FIELDS)
    if unknown or row.get("better") not in {"lower", "higher"} or not isinstance(row.get("value"), int | float):
        raise ValueError(f"not a result: {row!r}")
    return {field: row.get(field) for field in FIELDS}


def met(row: dict[str, Any]) -> bool | None:
    """Whether the limit is reached; None where there is none."""
    if row["limit"] is None:
        return None
    return bool(row["value"] <= row["limit"] if row["better"] == "lower" else row["value"] >= row["limit"])


def merge(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The new rows of each (area, database) replace the old ones; all others stay."""
    fresh = {(row["area"], row["database"]) for row in new}
    kept = [row for row in old if (row["area"], row["database"]) not in fresh]
    return sorted([*kept, *new], key=lambda row: (row["area"], row["name"], row["database"] or ""))


def show(rows: list[dict[str, Any]]) -> None:
    print(f"{'':4}{'area':<12}{'name':<84}{'database':<12}{'value':>12} {'unit':<10}{'limit':>10}{'peer':>12}")
    for row in rows:
        mark = {True: "ok", False: "MISS", None: ""}[met(row)]
        limit = "" if row["limit"] is None else f"{row['limit']:g}"
        peer = "" if row["peer_value"] is None else f"{row['peer_value']:g}"
        print(
            f"{mark:<5}{row['area']:<11}{row['name']:<84}{row['database'] or '-':<12}"
            f"{row['value']:>12.4g} {row['unit'] or '':<10}{limit:>10}{peer:>12}"
        )


def main(wanted: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.config.settings")
    here = machine()
    broken: list[str] = []
    rows: list[dict[str, Any]] = []
    found = modules(wanted)
    if wanted and len(found) < len(wanted):
        print(f"no such area: {', '.join(sorted(set(wanted) - {name for name, _path in found}))}", file=sys.stderr)
        return 2
    for name, path in found:
        print(f"-- {name}", flush=True)
        try:
            module = load(name, path)
            area = getattr(module, "AREA", name)
            rows += [check({"area": area, "machine": here, **row}) for row in module.run()]
        except KeyboardInterrupt:  # each module has taken its databases away by now; a part of a run is no result
            print("stopped", file=sys.stderr)
            return 130
        except Exception as error:  # the other areas are measured all the same
            import traceback

            traceback.print_exc()
            broken.append(f"{name}: {type(error).__name__}")
    old = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    if rows:
        draft = RESULTS.with_suffix(".new")
        draft.write_text(json.dumps(merge(old, rows), ensure_ascii=False, indent=1) + "\n")
        draft.replace(RESULTS)
    show(rows)
    for words in broken:
        print(f"broken: {words}", file=sys.stderr)
    return int(bool(broken))


def _stop(*_args: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)  # as after Ctrl-C: what was made is taken away
    sys.exit(main(sys.argv[1:]))
