"""Does what stands in front of Linli take the whole request before it hands it on? Asked from outside, with one request.

A web process serves one request at a time: whoever reaches it with a body that comes a byte a minute holds it that long.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

BUFFERED, STREAMED, UNKNOWN = "buffered", "streamed", "unknown"
BODY_BYTES = 400_000  # more than a proxy keeps by the way; the guide's photographs are larger still
PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Front:
    """`how` is buffered, streamed or unknown; `why` says in a few words what was seen when it is unknown."""

    how: str
    why: str = ""


def ask(address: str, *, patience_s: float = PATIENCE_S) -> Front:
    """Send GET /healthz with half of a body to `address` (http or https) and see whether Linli answers already.

    /healthz never reads a body: an answer of ours before the other half means that the request was handed on unfinished.
    """
    parts = urlsplit(address)
    secure = parts.scheme == "https"
    name, port = parts.hostname or "", parts.port or (443 if secure else 80)
    host = name if parts.port is None else f"{name}:{port}"
    head = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nUser-Agent: linli-doctor\r\nAccept: application/json\r\n"
    head += f"Connection: close\r\nContent-Type: application/octet-stream\r\nContent-Length: {BODY_BYTES}\r\n\r\n"
    half = b"\0" * (BODY_BYTES // 2)
    try:
        with socket.create_connection((name, port), timeout=5) as plain:
            link = ssl.create_default_context().wrap_socket(plain, server_hostname=name) if secure else plain
            early = _send(link, head.encode("ascii") + half) and _read(link, patience_s)
            if not early:
                _send(link, half)
            answer = early or _read(link, 5 + patience_s)
    except OSError as error:
        return Front(UNKNOWN, error.strerror or type(error).__name__)
    if not _is_ours(answer):
        return Front(UNKNOWN, answer.split(b"\r\n", 1)[0].decode("ascii", "replace")[:80] or "-")
    return Front(STREAMED if early else BUFFERED)


def _send(link: socket.socket, data: bytes) -> bool:
    """Always true: who answers early may close while we still send, and its answer is read all the same."""
    link.settimeout(5)
    try:
        link.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        pass
    return True


def _read(link: socket.socket, patience_s: float) -> bytes:
    """What comes until the end of the answer or `patience_s` of waiting; empty when nothing came."""
    got, until = b"", time.monotonic() + patience_s
    while not _is_ours(got) and (left := until - time.monotonic()) > 0:
        link.settimeout(left)
        try:
            more = link.recv(65536)
        except (TimeoutError, ConnectionResetError):
            break
        if not more:
            break
        got += more
    return got


def _is_ours(answer: bytes) -> bool:
    """Whether this is Linli's own health, well or not, and no page of a proxy. Chunked bodies keep the JSON in one piece."""
    start, end = answer.find(b"{", answer.find(b"\r\n\r\n")), answer.rfind(b"}")
    try:
        body = json.loads(answer[start : end + 1]) if 0 <= start < end else {}
    except ValueError:
        return False
    return isinstance(body, dict) and {"ok", "checks"} <= body.keys()
