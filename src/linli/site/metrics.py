"""Counters of this process in the text format that Prometheus reads; rooms register gauges from config/wiring.py."""

from __future__ import annotations

import os
import threading
from bisect import bisect_left
from collections.abc import Callable

LATENCY_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

Gauge = Callable[[], float | dict[str, float]]
_lock = threading.Lock()
_requests: dict[tuple[str, str, int], int] = {}
_latency: dict[str, list[float]] = {}  # route -> counts per bucket, one beyond the last, then the sum
_gauges: dict[str, tuple[str, Gauge]] = {}


def register_gauge(name: str, text: str, read: Gauge) -> None:
    """`read` answers a number, or numbers by `queue` label; it is asked at each scrape and must be cheap."""
    _gauges[name] = (text, read)


def observe(route: str, method: str, status: int, elapsed_s: float) -> None:
    """Count one request."""
    with _lock:
        key = (route, method, status)
        _requests[key] = _requests.get(key, 0) + 1
        row = _latency.get(route)
        if row is None:
            row = _latency[route] = [0.0] * (len(LATENCY_S) + 2)
        row[bisect_left(LATENCY_S, elapsed_s)] += 1
        row[-1] += elapsed_s


def _quote(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def render() -> str:
    """Everything, as text. A gauge that fails is left out and counted in linli_gauge_failures."""
    worker = os.getpid()
    out = ["# HELP linli_requests_total Requests answered.", "# TYPE linli_requests_total counter"]
    with _lock:
        requests, latency = dict(_requests), {k: list(v) for k, v in _latency.items()}
    for (route, method, status), times in sorted(requests.items()):
        labels = f'route="{_quote(route)}",method="{method}",status="{status}",worker="{worker}"'
        out.append(f"linli_requests_total{{{labels}}} {times}")
    out += ["# HELP linli_request_seconds Time to answer.", "# TYPE linli_request_seconds histogram"]
    for route, row in sorted(latency.items()):
        label, total = f'route="{_quote(route)}",worker="{worker}"', 0.0
        for bound, n in zip((*LATENCY_S, "+Inf"), row[:-1], strict=True):
            total += n
            out.append(f'linli_request_seconds_bucket{{{label},le="{bound}"}} {total:.0f}')
        out.append(f"linli_request_seconds_sum{{{label}}} {row[-1]:.6f}")
        out.append(f"linli_request_seconds_count{{{label}}} {total:.0f}")
    failures = 0
    for name, (text, read) in sorted(_gauges.items()):
        try:
            value = read()
        except Exception:  # a gauge must never take the others with it
            failures += 1
            continue
        out += [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
        if isinstance(value, dict):
            out += [f'{name}{{queue="{_quote(k)}"}} {v}' for k, v in sorted(value.items())]
        else:
            out.append(f"{name} {value}")
    out += ["# TYPE linli_gauge_failures gauge", f"linli_gauge_failures {failures}"]
    return "\n".join(out) + "\n"


def reset() -> None:
    """Forget the counters (tests)."""
    with _lock:
        _requests.clear()
        _latency.clear()
