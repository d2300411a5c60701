"""Following one's own report with number and code: history, answer, erasing the contact. The address is the secret."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.core.actor import RESIDENT
from linli.core.errors import Missing, Refusal
from linli.files import queries as files
from linli.response import queries as response
from linli.response.actions import Step, rate_case
from linli.site import throttle
from linli.site.refusals import onto_form
from linli.vault import actions as vault

from .. import queries
from ..choices import limits
from ..forms import AnswerForm, FollowForm
from ..queries import OwnMatter
from . import draft as drafts


def private(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page whose address is a secret: not kept, not indexed, not told to others; wrong guesses are counted."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if "code" in kwargs:  # after too many wrong ones not even the right one is answered: else guessing would go on
            _look(request)
        try:
            answer = view(request, *args, **kwargs)
        except Missing:
            _count(request)
            raise
        add_never_cache_headers(answer)  # type: ignore[arg-type]
        answer["Cache-Control"] = "no-store, private"
        answer["X-Robots-Tag"] = "noindex, nofollow"
        answer["Referrer-Policy"] = "same-origin"
        return answer

    return guarded


def _count(request: HttpRequest) -> None:
    who = throttle.client_key(request)
    for times, per_s in limits("follow"):
        throttle.take(f"follow:{who}", limit=times, per_s=per_s)


def _look(request: HttpRequest) -> None:
    who = throttle.client_key(request)
    for times, per_s in limits("follow"):
        throttle.look(f"follow:{who}", limit=times, per_s=per_s)


@require_http_methods(["GET", "HEAD", "POST"])
@private
def follow(request: HttpRequest) -> HttpResponse:
    """Ask for number and code; a wrong number and a wrong code are answered alike."""
    if request.method != "POST":
        return render(request, "portal/follow.html", {"form": FollowForm()})
    form = FollowForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            _count(request)
            case = response.case_by_receipt(form.cleaned_data["number"], form.cleaned_data["code"])
            code = "".join(form.cleaned_data["code"].split()).replace("-", "").upper()
            return HttpResponseRedirect(reverse("portal:own", args=[response.number_of_case(case), code]))
        except Missing:
            form.add_error("number", _("编号或查询码不对，请核对回执。"))
        except Refusal as refused:
            status = refused.status
            form.add_error(None, str(refused.message))
    return render(request, "portal/follow.html", {"form": form}, status=status)


def _show(request: HttpRequest, own: OwnMatter, code: str, form: Any = None, status: int = 200) -> HttpResponse:
    case = own.case
    again = drafts.new()
    context = {
        "own": own,
        "code": code,
        "link": request.build_absolute_uri(reverse("portal:own", args=[own.number, code])),
        "is_new": "new" in request.GET,
        "is_again": "again" in request.GET,
        "form": form or (AnswerForm(initial={"version": own.matter.version}) if own.can_answer else None),
        "again": drafts.dumps(
            drafts.Draft(again.key, lon=case.lon, lat=case.lat, source=case.place_source) if not own.by_staff else again
        ),
    }
    return render(request, "portal/own.html", context, status=status)


@require_safe
@private
def own(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """The private page; `?new=1` shows it as the receipt."""
    return _show(request, queries.own_matter(number, code), code)


@require_POST
@private
def answer(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Solved or not, satisfied or not: the reporter's own answer."""
    found = queries.own_matter(number, code)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _show(request, found, code, form, status=422)
    said = form.cleaned_data
    step = Step(
        "rate",
        said["version"],
        said["comment"],
        outcome=said["outcome"],
        satisfaction=said["satisfaction"],
    )
    try:
        rate_case(actor=RESIDENT, case=found.case, code=code, step=step)
    except Missing:
        raise
    except Refusal as refused:
        if not found.can_answer:
            messages.error(request, str(refused.message))
            return _show(request, found, code, status=refused.status)
        onto_form(form, refused)
        return _show(request, found, code, form, status=refused.status)
    messages.success(
        request,
        _("谢谢您的评价。") if said["outcome"] == "solved" else _("已经重新办理，进展会显示在这里。"),
    )
    return HttpResponseRedirect(reverse("portal:own", args=[number, code]))


@require_http_methods(["GET", "HEAD", "POST"])
@private
def erase(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """Erase the contact now; asks once."""
    found = queries.own_matter(number, code)
    if request.method == "POST":
        vault.erase_subject(actor=RESIDENT, subject=f"case:{found.case.pk}", why="asked")
        messages.success(request, _("您的联系方式已经删除。"))
        return HttpResponseRedirect(reverse("portal:own", args=[number, code]))
    return render(request, "portal/erase.html", {"own": found, "code": code})


@require_safe
@private
def photo(request: HttpRequest, number: str, code: str, key: str, size: str) -> HttpResponseBase:
    """One of the reporter's own pictures."""
    row = queries.own_photo(number, code, key)
    opened = files.open_file(key=row.key, size=size)
    answer = FileResponse(opened.path.open("rb"), content_type="image/jpeg")
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Content-Disposition"] = f'inline; filename="photo-{row.key[:8]}.jpg"'
    return answer
