"""Sending a report: from the last step, and from the drafts that a phone kept while it had no network."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from typing import Any

from django.core import signing
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from linli.core.actor import RESIDENT
from linli.core.errors import Forbidden, Invalid, Refusal
from linli.files import actions as files
from linli.files.intake import Cut, photos_only
from linli.response.actions import Receipt, Report, report_case
from linli.site import throttle

from .. import queries
from ..choices import PHOTO_MAX, limits
from ..forms import CheckForm, WhatForm
from . import draft as drafts
from .draft import Draft

PAGE_SALT = "linli.portal.page"
PAGE_AGE_S = 30 * 86400  # a phone may be without a network for long; the page it wrote on proves it came from us
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}")


def page_token() -> str:
    """Proof that a draft was written on a page of this house."""
    return signing.dumps(uuid.uuid4().hex[:8], salt=PAGE_SALT)


def take_turn(request: HttpRequest) -> None:
    """One report of this network. Raises TooMany."""
    who = throttle.client_key(request)
    for times, per_s in limits("report"):
        throttle.take(f"report:{who}", limit=times, per_s=per_s)


def open_case(draft: Draft, *, consent: str) -> Receipt:
    """Send a draft. Raises Invalid (fields say what to mend). Repeating it is harmless."""
    if draft.lon is None or draft.lat is None:
        sentence = _("请先选择位置。")
        raise Invalid("place_required", sentence, fields={"place": [sentence]})
    report = Report(
        channel="web",
        class_code=draft.class_code,
        lon=draft.lon,
        lat=draft.lat,
        description=draft.description,
        address=draft.address,
        place_source=draft.source,
        phone=draft.phone,
        name=draft.name,
        consent=consent,
        photo_keys=draft.photos,
        client_key=draft.key,
    )
    return report_case(actor=RESIDENT, report=report)


@photos_only
@require_POST
@never_cache
def add_photo(request: HttpRequest) -> JsonResponse:
    """One picture for the draft on this page: 201 {token, small_url}. 422 when the draft is not ours."""
    draft = drafts.loads(request.POST.get("state", ""))
    if draft is None:
        raise Invalid("stale_draft", _("这个页面打开太久了，请刷新后再添加照片。"))
    for times, per_s in limits("photo"):
        throttle.take(f"photo:{throttle.client_key(request)}", limit=times, per_s=per_s)
    photo = request.FILES.get("photo")
    if photo is None:
        sentence = _("请先选择一张照片。")
        raise Invalid("empty_file", sentence, fields={"photo": [sentence]})
    kept = files.accept_upload(actor=RESIDENT, stream=photo, name=photo.name or "")
    small = reverse("files:photo", args=[kept.key, "small"])
    return JsonResponse({"token": drafts.photo_token(draft.key, kept.key), "small_url": small}, status=201)


@csrf_exempt  # no session is used; the signed page token and the origin are checked instead, so that old drafts arrive
@require_POST
@never_cache
def send(request: HttpRequest) -> JsonResponse:
    """A kept draft, multipart: 201 {number, url}; the same Idempotency-Key answers with the first receipt.

    422 with fields when it must be looked at, 429 with Retry-After, 403 from elsewhere.
    """
    try:
        return _received(request)
    except Refusal as refused:
        # Always JSON: it is a script that asks, whatever its Accept header says.
        answer = JsonResponse(refused.as_dict(), status=refused.status, json_dumps_params={"default": str})
        if retry := refused.details.get("retry_after_s"):
            answer["Retry-After"] = str(retry)
        return answer


def _received(request: HttpRequest) -> JsonResponse:
    request.upload_handlers.insert(0, Cut(request))  # before anything reads the body
    _check_origin(request)
    take_turn(request)
    key = request.headers.get("Idempotency-Key", "").strip().lower()
    if not _UUID.fullmatch(key):
        raise Invalid("bad_key", _("页面缺少防重复的标识，请刷新后重新提交。"))
    draft = _draft_of(request, key.replace("-", ""))
    receipt = open_case(draft, consent=request.POST.get("consent", "")[:40])
    url = reverse("portal:own", args=[receipt.number, receipt.code])
    return JsonResponse({"number": receipt.number, "url": f"{url}?new=1", "repeated": receipt.repeated}, status=201)


def _check_origin(request: HttpRequest) -> None:
    origin = request.headers.get("Origin", "")
    here = f"{request.scheme}://{request.get_host()}"
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    try:
        signing.loads(request.headers.get("X-Page-Token", ""), salt=PAGE_SALT, max_age=PAGE_AGE_S)
    except signing.BadSignature:
        raise Forbidden("stale_page", _("这份草稿保存太久了，请打开它核对后再提交。")) from None
    if (origin and origin != here) or site not in ("same-origin", "none"):
        raise Forbidden("elsewhere", _("只能从本站的页面提交。"))


def _draft_of(request: HttpRequest, key: str) -> Draft:
    """The fields of a kept draft. Raises Invalid with every problem by its field."""
    post = request.POST
    what, check = WhatForm(post), CheckForm(post)
    problems: dict[str, list[Any]] = {}
    for form in (what, check):
        form.is_valid()
        problems |= {name: list(map(str, errors)) for name, errors in form.errors.items()}
    draft = Draft(
        key=key,
        lon=drafts.coordinate(post.get("lon", "")),
        lat=drafts.coordinate(post.get("lat", "")),
        source=post.get("source", "") if post.get("source") in ("map", "search", "list", "device") else "map",
        class_code=what.cleaned_data.get("class_code", ""),
        description=what.cleaned_data.get("description", ""),
        address=what.cleaned_data.get("address", ""),
        phone=check.cleaned_data.get("phone", ""),
        name=check.cleaned_data.get("name", ""),
    )
    if post.get("division") and not draft.placed:
        lon, lat, name = queries.label_point(post["division"])
        draft = replace(draft, lon=lon, lat=lat, source="list", address=draft.address or name)
    if problems:
        first = next(iter(problems.values()))[0]
        raise Invalid("needs_a_look", first, fields=problems)
    sent, refused = drafts.own_photos(key, post.getlist("photo"))
    if refused:
        sentence = _("有照片已经失效，请重新添加。")
        raise Invalid("photo_expired", sentence, fields={"photo": [sentence]})
    files_sent = request.FILES.getlist("files")
    if len(sent) + len(files_sent) > PHOTO_MAX:
        sentence = _("最多 %(n)s 张照片，多出来的没有收下。") % {"n": PHOTO_MAX}
        raise Invalid("too_many_photos", sentence, fields={"photo": [sentence]})
    kept = [files.accept_upload(actor=RESIDENT, stream=f, name=f.name or "").key for f in files_sent]
    return replace(draft, photos=(*sent, *kept))
