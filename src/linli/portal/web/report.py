"""Report in three steps: where, what, check. One address; each press of a button brings everything said so far.

The steps are told apart by the hidden field `step`, the buttons by `go`. Nothing is stored until it is sent, except
photographs, which wait as drafts for a day.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from linli.core.actor import RESIDENT
from linli.core.errors import Invalid, Refusal, TooMany
from linli.files import actions as files
from linli.files.intake import photos_only
from linli.response import queries as response
from linli.site import throttle
from linli.site.refusals import onto_form
from linli.territory import queries as territory
from linli.vault import queries as vault

from .. import near, queries
from ..choices import GOES, PHOTO_MAX, UNKNOWN_CLASS, limits
from ..forms import CheckForm, PlaceForm, WhatForm
from . import draft as drafts
from .draft import Draft
from .send import open_case, page_token, take_turn

STEPS = ("place", "what", "check")
SOURCES = frozenset({"map", "search", "list", "device"})
STEP_OF_FIELD = {"place": "place", "photo": "what", "description": "what", "address": "what", "class_code": "what"}


@photos_only
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def report(request: HttpRequest) -> HttpResponse:
    """The three steps; 303 to the private page once the report is in."""
    if request.method != "POST":
        return _place(request, drafts.new())
    draft = drafts.loads(request.POST.get("state", ""))
    lost = draft is None
    draft = draft or drafts.new()
    step = request.POST.get("step", "")
    go = request.POST.get("go", "next")
    go = go if go in GOES or go.startswith("drop:") else "next"
    if chosen := request.POST.get("language", ""):
        go = "language"
    if go == "again":
        return _place(request, draft.same_place())
    problems = [_("这个页面打开太久了，请从这一步接着填写；已经写下的内容还在。")] if lost and step != "place" else []
    taken = {"place": _take_place, "what": _take_what, "check": _take_check}.get(step)
    if taken is None:
        return _place(request, draft)
    draft, form, more = taken(request, draft, go)
    problems += more
    if go == "language":
        answer = _again_in(request, chosen, step, draft, form)
    else:
        answer = _after(request, step, go, draft, form, problems, lost)
    return answer


def _after(
    request: HttpRequest, step: str, go: str, draft: Draft, form: forms.Form, problems: list[str], lost: bool
) -> HttpResponse:
    """Where a button leads: on if the step is well filled, else the same step with its errors."""
    if go == "place" or (go == "back" and step == "what"):
        return _place(request, draft)
    if go == "what" or (go == "back" and step == "check"):
        return _what(request, draft)
    for problem in problems:
        form.add_error(None, problem)
    if step == "place":
        return _place(request, draft, form) if go == "search" or form.errors else _what(request, draft, nearby=True)
    if step == "what":
        stay = go in ("search", "upload") or go.startswith("drop:")
        if lost or not draft.placed:
            return _place(request, draft, _with(PlaceForm(data={}), "q", _("请先选择位置。")))
        return _what(request, draft, form) if stay or form.errors else _check(request, draft)
    if lost or not draft.placed:
        return _place(request, draft, _with(PlaceForm(data={}), "q", _("请先选择位置。")))
    if form.errors or go not in ("send", "next"):
        return _check(request, draft, form)
    return _send(request, draft, form)


def _with(form: forms.Form, field: str | None, sentence: str) -> forms.Form:
    form.add_error(field, sentence)
    return form


# --- what each step brings ------------------------------------------------------------------------------
def _take_place(request: HttpRequest, draft: Draft, go: str) -> tuple[Draft, forms.Form, list[str]]:
    """A position from the map (lon, lat, source), a search result (`pick`) or the list (`division`)."""
    post = request.POST
    form = PlaceForm(post)
    form.is_valid()
    source = post.get("source", "")
    try:
        if source in SOURCES:
            lon, lat = drafts.coordinate(post.get("lon", "")), drafts.coordinate(post.get("lat", ""))
            if lon is None or lat is None:
                raise Invalid("bad_coordinates", _("坐标不是有效的数字。"))
            draft = replace(draft, lon=lon, lat=lat, source=source, chosen=post.get("chosen", "")[:60])
        elif post.get("pick"):
            lon_text, _sep, rest = post["pick"].partition(",")
            lat_text, _sep, name = rest.partition(",")
            lon, lat = drafts.coordinate(lon_text), drafts.coordinate(lat_text)
            if lon is None or lat is None:
                raise Invalid("bad_coordinates", _("坐标不是有效的数字。"))
            draft = replace(draft, lon=lon, lat=lat, source="search", chosen=name[:60])
        elif post.get("division"):
            lon, lat, name = queries.label_point(post["division"])
            draft = replace(draft, lon=lon, lat=lat, source="list", chosen=name)
        elif not draft.placed and go == "next" and not form.errors:
            raise Invalid("place_required", _("请先选择位置：移动地图、搜索地名，或从列表里选社区。"))
        if draft.placed and go != "search":
            territory.check_point(draft.lon or 0.0, draft.lat or 0.0)
    except Invalid as refused:
        if go not in ("search", "language"):
            form.add_error("q", str(refused.message))
    if draft.chosen and not draft.address:
        draft = replace(draft, address=draft.chosen)
    return draft, form, []


def _take_what(request: HttpRequest, draft: Draft, go: str) -> tuple[Draft, forms.Form, list[str]]:
    """Class, words and pictures. Pictures that arrive as files become drafts at once, so that none is lost."""
    post = request.POST
    tokens = [t for t in post.getlist("photo") if go != f"drop:{t}"]
    photos, refused = drafts.own_photos(draft.key, tokens)
    problems = [_("有照片已经失效，请重新添加。")] if refused else []
    form = WhatForm(post)
    form.is_valid()
    photos, said = _take_files(request, photos)
    for sentence in said:
        form.add_error("photo", sentence)
    code = post.get("class_code", "")
    if code and response.class_by_code(code) is None:
        form.add_error("class_code", _("请选择问题类型。"))
        code = ""
    if go == "next" and not code and "class_code" not in form.errors:
        form.add_error("class_code", _("请选择问题类型；拿不准就选“不知道选哪个”。"))
    if go == "next" and not photos and not post.get("description", "").strip():
        form.add_error("description", _("请写几个字，或者附一张照片。"))
    draft = replace(
        draft,
        photos=photos,
        class_code=code,
        description=post.get("description", "").replace("\0", ""),
        address=post.get("address", "").replace("\0", ""),
    )
    return draft, form, problems


def _take_files(request: HttpRequest, photos: tuple[str, ...]) -> tuple[tuple[str, ...], list[str]]:
    """Every file is looked at by itself: one bad picture does not cost the others."""
    said: list[str] = []
    for nth, file in enumerate(request.FILES.getlist("files"), 1):
        if len(photos) >= PHOTO_MAX:
            said.append(_("最多 %(n)s 张照片，多出来的没有收下。") % {"n": PHOTO_MAX})
            break
        try:
            for times, per_s in limits("photo"):
                throttle.take(f"photo:{throttle.client_key(request)}", limit=times, per_s=per_s)
            photos = (*photos, files.accept_upload(actor=RESIDENT, stream=file, name=file.name or "").key)
        except (Invalid, TooMany) as refusal:
            said.append(_("第 %(n)s 张照片：%(why)s") % {"n": nth, "why": refusal.message})
    return photos, said


def _take_check(request: HttpRequest, draft: Draft, go: str) -> tuple[Draft, forms.Form, list[str]]:
    form = CheckForm(request.POST)
    form.is_valid()
    phone, name = (request.POST.get(n, "").replace("\0", "")[:200] for n in ("phone", "name"))
    return replace(draft, agreed=bool(request.POST.get("agreed")), phone=phone, name=name), form, []


# --- pages ----------------------------------------------------------------------------------------------
def _page(request: HttpRequest, step: str, draft: Draft, form: forms.Form | None, **more: Any) -> HttpResponse:
    errors = bool(form and form.errors)
    status = more.pop("status", 422 if errors else 200)
    context = {
        "draft": draft,
        "state": drafts.dumps(draft),
        "step": step,
        "number": STEPS.index(step) + 1,
        "form": form,
        "has_errors": errors,
        "default_go": "search" if step == "place" else "next",
        "page_token": page_token(),
        "said": _said(draft),
        **more,
    }
    return render(request, f"portal/report_{step}.html", context, status=status)


def _said(draft: Draft) -> dict[str, Any]:
    """The draft in the clear, on the page that it came from: what a phone keeps if the network is lost meanwhile."""
    names = ("key", "lon", "lat", "source", "class_code", "description", "address", "phone", "name")
    tokens = [drafts.photo_token(draft.key, key) for key in draft.photos]
    return {name: getattr(draft, name) for name in names} | {"photo": tokens}


def _place(request: HttpRequest, draft: Draft, form: forms.Form | None = None) -> HttpResponse:
    wanted = (form.data.get("q", "") if form else "").replace("\0", "").strip()
    hits: Any = None
    if wanted and request.POST.get("go") == "search" and form is not None and not form.errors:
        hits = territory.search_places(wanted)
    context = {
        "areas": queries.areas(),
        "hits": hits,
        "wanted": wanted,
        "form": form or PlaceForm(),
        "tiles": queries.tiles(),
    }
    if draft.placed:
        try:
            context["here"] = territory.check_point(draft.lon or 0.0, draft.lat or 0.0)
        except Invalid:
            draft = replace(draft, lon=None, lat=None, source="", chosen="")
    return _page(request, "place", draft, **context)


def _what(request: HttpRequest, draft: Draft, form: forms.Form | None = None, nearby: bool = False) -> HttpResponse:
    if form is None:
        form = WhatForm(initial={"description": draft.description, "address": draft.address})
    wanted = request.POST.get("class_q", "")[:40] if request.POST.get("step") == "what" else ""
    known = []
    if nearby and draft.placed and not request.POST.get("seen"):
        known = response.nearby(draft.lon or 0.0, draft.lat or 0.0)
    return _page(
        request,
        "what",
        draft,
        form,
        choice=queries.class_choice(draft.class_code, wanted),
        wanted=wanted,
        unknown_class=UNKNOWN_CLASS,
        photos=[(key, drafts.photo_token(draft.key, key)) for key in draft.photos],
        photo_max=PHOTO_MAX,
        nearby=known,
    )


def _check(request: HttpRequest, draft: Draft, form: forms.Form | None = None, status: int = 0) -> HttpResponse:
    try:
        here = territory.check_point(draft.lon or 0.0, draft.lat or 0.0)
    except Invalid as refused:
        return _place(request, draft, _with(PlaceForm(data={}), "q", str(refused.message)))
    if form is None:
        form = CheckForm(initial={"phone": draft.phone, "name": draft.name, "agreed": draft.agreed})
    consent = vault.consent_for("case_contact")
    more: dict[str, Any] = {"status": status} if status else {}
    return _page(
        request,
        "check",
        draft,
        form,
        here=here,
        class_name=queries.class_name(draft.class_code),
        same=near.same_nearby(draft.lon or 0.0, draft.lat or 0.0, draft.class_code),
        near_m=response.NEAR_M,
        tiles=queries.tiles(),
        consent=consent,
        consent_text=consent.text(translation.get_language() or "zh"),
        photos=list(draft.photos),
        **more,
    )


def _send(request: HttpRequest, draft: Draft, form: forms.Form) -> HttpResponse:
    """Send, and go to the private page; a refusal goes back to the step it concerns, with everything kept."""
    try:
        take_turn(request)
        receipt = open_case(draft, consent=request.POST.get("consent", "")[:40])
    except Refusal as refused:
        return _refused(request, draft, form, refused)
    address = reverse("portal:own", args=[receipt.number, receipt.code])
    answer = HttpResponseRedirect(f"{address}?{'again' if receipt.repeated else 'new'}=1")
    answer.status_code = 303
    return answer


def _refused(request: HttpRequest, draft: Draft, form: forms.Form, refused: Refusal) -> HttpResponse:
    step = next((STEP_OF_FIELD[f] for f in refused.fields if f in STEP_OF_FIELD), "check")
    sentence = str(refused.message)
    if step == "place":
        return _place(request, draft, _with(PlaceForm(data={}), "q", sentence))
    if step == "what":
        if "photo" in refused.fields:
            draft = replace(draft, photos=())
        data = {"description": draft.description, "address": draft.address, "class_code": draft.class_code}
        what = WhatForm(data)
        onto_form(what, refused)
        return _what(request, draft, what)
    onto_form(form, refused)
    answer = _check(request, draft, form, status=refused.status)
    if retry := refused.details.get("retry_after_s"):
        answer["Retry-After"] = str(retry)
    return answer


def _again_in(request: HttpRequest, chosen: str, step: str, draft: Draft, form: forms.Form) -> HttpResponse:
    """The same step in the other language: what was typed stays."""
    code = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with translation.override(code):
        request.LANGUAGE_CODE = code  # type: ignore[attr-defined]
        if step == "place":
            answer = _place(request, draft)
        elif step == "what":
            answer = _what(request, draft)
        else:
            answer = _check(request, draft)
    answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, code, max_age=365 * 86400, samesite="Lax", secure=settings.HTTPS)
    return answer
