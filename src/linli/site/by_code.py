"""Pages behind a printed code: nobody signs in, nothing about the caller is kept, and no code is found by trying."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from linli.core.errors import Missing

from . import limits, throttle

View = Callable[..., HttpResponse]


def private(
    name: str, rate: limits.Rate, unusable: Callable[[HttpRequest, Missing], HttpResponse]
) -> Callable[[View], View]:
    """Not kept, not indexed, not told to others. Codes that do not let in are counted and all answered alike, by
    `unusable`; whoever tries too many is refused (TooMany) before any code is looked at.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            key, rates = f"{name}:{throttle.client_key(request)}", limits.rates(rate)
            for times, per_s in rates:
                throttle.look(key, limit=times, per_s=per_s)
            try:
                response = view(request, *args, **kwargs)
            except Missing as refusal:
                throttle.take_all(key, rates)
                response = unusable(request, refusal)
            response["Cache-Control"] = "no-store, private"
            response["X-Robots-Tag"] = "noindex, nofollow"
            response["Referrer-Policy"] = "same-origin"
            return response

        return guarded

    return decorate
