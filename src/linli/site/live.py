"""The live poll: "has anything happened since position N?" answered before sessions, without SQL.

`position_source` and `reader` are set by config/wiring.py; this room does not know what a matter is.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils.translation import gettext_lazy as _

from linli.core.actor import RESIDENT, Actor
from linli.core.errors import Forbidden, Invalid

PATH = "/live/"
REFRESH_S = 0.5  # the position is read from the database at most twice a second in each process
TOKEN_S = 13 * 3600  # a little longer than a session

position_source: Callable[[], int] | None = None
reader: Callable[[Actor, str, int], dict[str, Any]] | None = None

_lock = threading.Lock()
_position = 0
_read_at = float("-inf")


def position() -> int:
    """The newest stamped position, at most half a second old; 0 until a source is wired."""
    global _position, _read_at
    now = time.monotonic()
    if now - _read_at < REFRESH_S or position_source is None:
        return _position
    if not _lock.acquire(blocking=False):
        return _position  # another thread is reading it now; half a second more does no harm
    try:
        _position = position_source()
        _read_at = now
    finally:
        _lock.release()
    return _position


def forget_position() -> None:
    """Read it again at the next call (tests, and a process that has just stamped)."""
    global _read_at
    _read_at = float("-inf")


@lru_cache(maxsize=1)
def _key(secret: str) -> bytes:
    return hashlib.sha256(b"linli.live" + secret.encode()).digest()


def _sign(text: str) -> str:
    return hmac.new(_key(settings.SECRET_KEY), text.encode(), hashlib.sha256).hexdigest()[:32]


def live_token(actor: Actor, scope: str = "") -> str:
    """A signed leave to poll: who, which scope, until when. It opens no data; the reader asks the actor again."""
    text = f"{actor.label}|{scope}|{int(time.time()) + TOKEN_S}"
    return f"{text}|{_sign(text)}"


@lru_cache(maxsize=4096)
def _parse(token: str, secret: str) -> tuple[str, str, int] | None:
    text, _sep, signature = token.rpartition("|")
    if not hmac.compare_digest(_sign(text).encode(), signature.encode("utf-8", "replace")):
        return None
    label, scope, until = text.split("|")
    return label, scope, int(until)


def read_token(token: str) -> tuple[str, str] | None:
    """(actor label, scope) of a token that is ours and still runs; else None."""
    if len(token) > 300 or token.count("|") != 3:
        return None
    parsed = _parse(token, settings.SECRET_KEY)
    return parsed[:2] if parsed and parsed[2] > time.time() else None


class LivePoll:
    """Answers 304 to a poll that has missed nothing; lets every other request through."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == PATH and request.method == "GET":
            after = request.GET.get("after", "")
            if after == str(position()) and read_token(request.GET.get("token", "")):
                request.metric_route = PATH  # type: ignore[attr-defined]
                response = HttpResponseNotModified()
                response["Cache-Control"] = "no-store"
                return response
        return self.get_response(request)


def changes(request: HttpRequest) -> JsonResponse:
    """What happened after `after`, as the wired reader tells it to this actor: {"position": n, …}."""
    parsed = read_token(request.GET.get("token", ""))
    actor: Actor = getattr(request, "actor", RESIDENT)
    if parsed is None or parsed[0] != actor.label:
        raise Forbidden("live_token", _("页面已过期，请刷新后再看。"))
    try:
        after = int(request.GET.get("after", ""))
    except ValueError:
        raise Invalid("bad_position", _("位置必须是整数。")) from None
    newest = position()
    body = {"position": newest} if reader is None else reader(actor, parsed[1], after)
    response = JsonResponse({"position": newest, **body})
    response["Cache-Control"] = "no-store"
    return response
