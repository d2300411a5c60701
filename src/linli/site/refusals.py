"""From a Refusal to an answer: a page, JSON, a fragment for htmx; or onto a form, so that nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import DisallowedHost, PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Busy, Forbidden, Missing, Refusal

TITLES = {
    400: _("请求有误"),
    403: _("没有权限"),
    404: _("找不到这个页面"),
    409: _("刚才有人先处理了"),
    413: _("内容太大"),
    422: _("内容需要修改"),
    429: _("操作太频繁"),
    500: _("系统出错了"),
    503: _("系统正忙"),
}
ICONS = {403: "lock", 404: "search", 409: "users", 422: "edit", 429: "clock", 500: "warn", 503: "clock"}
_LOCKED = ("database is locked", "database table is locked")
# PostgreSQL: serialization, deadlock, lock not available, too many connections.
_PG_TRY_AGAIN = {"40001", "40P01", "55P03", "53300"}


def wants_json(request: HttpRequest) -> bool:
    """Programs are answered in JSON: everything under /api/, and whoever prefers it to HTML."""
    if request.path_info.startswith("/api/"):
        return True
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def refusal_of(error: BaseException) -> Refusal | None:
    """The refusal that an exception amounts to; None for a bug."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, Http404):
        return Missing("not_found", _("页面不存在，或者您看不到它。"))
    if isinstance(error, PermissionDenied):
        return Forbidden("not_allowed", _("您的岗位不能做这件事。"))
    if isinstance(error, OperationalError) and _try_again(error):
        return Busy("busy", _("系统正忙，请过几秒再试。您填写的内容没有丢失，返回即可重试。"), retry_after_s=2)
    return None


def _try_again(error: OperationalError) -> bool:
    return str(error) in _LOCKED or getattr(error.__cause__, "sqlstate", None) in _PG_TRY_AGAIN


def respond(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The answer with the refusal's status, in the form that the caller reads."""
    if wants_json(request):
        response = _as_json(refusal)
    elif request.headers.get("HX-Request") == "true":
        response = render(request, "site/refusal_fragment.html", {"refusal": refusal}, status=refusal.status)
        response["HX-Retarget"] = "#refusals"  # the list that it came from stays as it is
        response["HX-Reswap"] = "innerHTML"
    else:
        response = render(request, "site/refusal.html", page_context(request, refusal), status=refusal.status)
    if retry := refusal.details.get("retry_after_s"):
        response["Retry-After"] = str(retry)
    response["Cache-Control"] = "no-store"
    return response


def answers_json(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A refusal of this view becomes JSON with its status: scripts ask here, whatever their Accept header."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response: HttpResponseBase = view(request, *args, **kwargs)
        except Refusal as refusal:
            response = _as_json(refusal)
        response.setdefault("Cache-Control", "no-store")
        return response

    return wrapped


def _as_json(refusal: Refusal) -> HttpResponse:
    said = {"ensure_ascii": False, "default": str}
    response = JsonResponse(refusal.as_dict(), status=refusal.status, json_dumps_params=said)
    if retry := refusal.details.get("retry_after_s"):
        response["Retry-After"] = str(retry)
    return response


def page_context(request: HttpRequest, refusal: Refusal) -> dict[str, Any]:
    """What site/refusal.html shows; `back` is where the person came from, if that was a page of ours."""
    return {
        "refusal": refusal,
        "title": TITLES.get(refusal.status, TITLES[400]),
        "message": refusal.message,
        "code": refusal.code,
        "name": ICONS.get(refusal.status, "info"),
        "back": _came_from(request),
    }


def _came_from(request: HttpRequest) -> str:
    referer = request.headers.get("Referer", "")
    try:
        here = {request.get_host()}
    except DisallowedHost:  # that may be the very refusal which is answered here
        return ""
    if not url_has_allowed_host_and_scheme(referer, here):
        return ""
    parts = urlsplit(referer)
    path = "/" + parts.path.lstrip("/\\")  # two slashes at the front would name another host
    return path + (f"?{parts.query}" if parts.query else "")


def onto_form(form: forms.BaseForm, refusal: Refusal) -> None:
    """Write the refusal beside the fields that it names, the rest above the form; then render with its status."""
    written = False
    for name, sentences in refusal.fields.items():
        for sentence in sentences:
            form.add_error(name if name in form.fields else None, str(sentence))
            written = True
    if not written:
        form.add_error(None, str(refusal.message))
