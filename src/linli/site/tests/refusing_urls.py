"""Addresses that refuse in every way; only the tests mount them."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from linli.config.urls import handler404, handler500, urlpatterns  # noqa: F401
from linli.core import errors


def refuse(request: HttpRequest, kind: str) -> HttpResponse:
    match kind:
        case "invalid":
            raise errors.Invalid("bad_phone", "手机号不对。", fields={"phone": ["应为 11 位数字"]})
        case "forbidden":
            raise errors.Forbidden("own_case", "您处理过这件事，不能由您核查。")
        case "conflict":
            raise errors.Conflict("stale", "李强刚刚派遣了这件事。")
        case "too-many":
            raise errors.TooMany("too_many", "太频繁了。", retry_after_s=17)
        case "django-404":
            raise Http404
        case "django-403":
            raise PermissionDenied
        case "locked":
            raise OperationalError("database is locked")
        case "other-db":
            raise OperationalError("disk I/O error")
        case "bug":
            raise ZeroDivisionError("电话 13800138000")
    return HttpResponse("ok")


def post_me(request: HttpRequest) -> HttpResponse:
    return render(request, "site/styleguide.html")


urlpatterns = [
    path("refuse/<slug:kind>", refuse),
    path("api/refuse/<slug:kind>", refuse),
    path("post-me/", post_me),
    path("", include(urlpatterns)),
]
