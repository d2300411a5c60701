"""The auditor's page: who read which contact, when and why. No contact is shown here."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from . import names, queries
from .forms import LogFilter
from .permissions import LOG_READERS, can_read_log


@require_safe
@never_cache
def read_log(request: HttpRequest) -> HttpResponseBase:
    """Readings of contacts, newest first, filtered by day and reader."""
    actor = request.actor  # type: ignore[attr-defined]
    if actor.kind not in {"person", "token"}:
        return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
    can_read_log(actor).or_forbidden()
    labels = queries.readers(actor=actor)
    called = names.of(labels)
    readers = {label: called.get(label, label) for label in labels}
    form = LogFilter(request.GET, readers=readers)
    if not form.is_valid():
        return _page(request, form, [], {}, status=422)
    chosen = {"day": form.cleaned_data["day"], "reader": form.cleaned_data["reader"]}
    older, newer = request.GET.get("older", ""), request.GET.get("newer", "")
    page = queries.read_log(actor=actor, older=older, newer=newer, **chosen)
    kept = {k: v for k, v in chosen.items() if v}
    rows = [(row, readers.get(row.actor, row.actor)) for row in page.rows]
    urls = {
        "prev_url": page.newer and "?" + urlencode({**kept, "newer": page.newer}),
        "next_url": page.older and "?" + urlencode({**kept, "older": page.older}),
    }
    return _page(request, form, rows, urls)


def _page(request: HttpRequest, form: LogFilter, rows: object, page: object, status: int = 200) -> HttpResponse:
    filtered = bool(form.data.get("day") or form.data.get("reader"))
    context = {"form": form, "rows": rows, "page": page, "filtered": filtered}
    return render(request, "vault/read_log.html", context, status=status)


read_log.allowed_kinds = LOG_READERS  # type: ignore[attr-defined]  # read by the permission matrix
