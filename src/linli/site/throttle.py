"""A limit on how often something may be done: fixed windows, one row a key, one SQL statement a question.

Call `take` before a transaction begins: a roll-back would give the use back.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import time
from collections.abc import Iterable

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.core.errors import TooMany

from . import statements
from .models import Bucket

# An old window is replaced; in the same window the use is counted; at the limit no row is written and none returned.
_TAKE = """
INSERT INTO site_bucket (key, slot, taken, ends_at) VALUES (%s, %s, 1, %s)
ON CONFLICT (key) DO UPDATE SET
  taken = CASE WHEN site_bucket.slot < excluded.slot THEN 1 ELSE site_bucket.taken + 1 END,
  slot = CASE WHEN site_bucket.slot < excluded.slot THEN excluded.slot ELSE site_bucket.slot END,
  ends_at = CASE WHEN site_bucket.slot < excluded.slot THEN excluded.ends_at ELSE site_bucket.ends_at END
WHERE site_bucket.slot < excluded.slot OR site_bucket.taken < %s
RETURNING taken
"""


def take(key: str, *, limit: int, per_s: int) -> None:
    """Use one of `limit` in this window of `per_s` seconds. Raises TooMany with `retry_after_s`."""
    now = int(time.time())
    slot = now // per_s
    ends_at = (slot + 1) * per_s
    with statements.cursor() as cursor:
        # The period is part of the key: two limits on one thing do not share a row.
        cursor.execute(_TAKE, [f"{key}/{per_s}"[:120], slot, ends_at, limit])
        granted = cursor.fetchall()
    if not granted:
        raise _too_many(ends_at - now)


def take_all(key: str, rates: Iterable[tuple[int, int]]) -> None:
    """Use one of each of `rates` (times, seconds), as `limits.rates` gives them. Raises TooMany."""
    for times, per_s in rates:
        take(key, limit=times, per_s=per_s)


def look(key: str, *, limit: int, per_s: int) -> None:
    """Raises TooMany as `take` would, but uses nothing: for what is counted only when it fails."""
    now = int(time.time())
    slot = now // per_s
    if Bucket.objects.filter(key=f"{key}/{per_s}"[:120], slot=slot, taken__gte=limit).exists():
        raise _too_many((slot + 1) * per_s - now)


def _too_many(wait_s: int) -> TooMany:
    return TooMany("too_many", _("操作太频繁了，请过一会儿再试。"), retry_after_s=max(wait_s, 1))


def client_ip(request: HttpRequest) -> str:
    """The address of the caller, read through as many of our own proxies as the settings name, and no further."""
    direct = str(request.META.get("REMOTE_ADDR", ""))
    behind = settings.TRUSTED_PROXIES
    if behind:
        hops = [h.strip() for h in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if h.strip()]
        if len(hops) >= behind:
            return hops[-behind]
    return direct


def client_key(request: HttpRequest) -> str:
    """A keyed hash of the caller's network, different every day: counts, but recognises nobody tomorrow."""
    text = client_ip(request)
    try:
        address = ipaddress.ip_address(text)
        # One household holds a whole /64 of IPv6: counting single addresses would count nothing.
        text = str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
    except ValueError:
        pass
    day = clock.today().isoformat()
    return hmac.new(settings.SECRET_KEY.encode(), f"throttle|{day}|{text}".encode(), hashlib.sha256).hexdigest()[:32]


def sweep() -> int:
    """Delete the rows whose window is over; how many."""
    deleted, _kinds = Bucket.objects.filter(ends_at__lt=int(time.time())).delete()
    return deleted
