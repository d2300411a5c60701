"""The field page of grid workers: report on the spot, also without a network, and what waits for them.

A phone keeps drafts and sends each with its own key until the answer is 201; the same key answers with the first receipt.
"""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.choices import PostKind
from linli.accounts.permissions import ActorRequest, require
from linli.core.errors import Forbidden, Invalid, Refusal
from linli.files import actions as files
from linli.files.intake import photos_only
from linli.flow import queries as flow
from linli.site.refusals import answers_json
from linli.territory import queries as territory

from .. import actions, queries
from ..catalogue import catalogue
from ..choices import Channel
from ..forms import FieldForm
from ..rules import CASE, number_of
from .intake import Taken, place_line, take, write_refusal
from .rows import place_of, urgency_view

# What grid workers of the pack report most, one press away; the rest is behind "all classes".
CHIPS = ("0102", "0104", "0505", "0506", "0110", "0404", "0301", "0507")
PHOTOS_MAX = 6
WAITING = 5
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@photos_only
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@require(PostKind.GRID_WORKER)
def field(request: ActorRequest) -> HttpResponse:
    """What waits, and the form; without a script the form is sent here and the photographs with it."""
    if request.method != "POST":
        return _page(request, FieldForm(), Taken())
    form = FieldForm(request.POST)
    taken = take(form)
    if form.errors:
        return _page(request, form, taken, status=422)
    try:
        receipt = _report(request, form.cleaned_data, taken, form.cleaned_data["client_key"])
    except Refusal as refused:
        write_refusal(form, refused)
        return _page(request, form, taken, status=refused.status)
    messages.success(request, _told(receipt))
    answer = HttpResponseRedirect(reverse("response:field"))
    answer.status_code = 303
    return answer


@answers_json
@photos_only
@require_POST
@never_cache
def send(request: ActorRequest) -> HttpResponse:
    """One draft, multipart: 201 {number, url}; 403 when signed out, 422 with fields. Repeating is harmless."""
    if not request.actor.holds({PostKind.GRID_WORKER}) or request.actor.kind != "person":
        raise Forbidden("sign_in", _("登录已过期或不是网格员岗位，请重新登录，草稿还在手机里。"))
    key = request.headers.get("Idempotency-Key", "").strip().lower()
    if not _UUID.fullmatch(key):
        raise Invalid("bad_key", _("页面缺少防重复的标识，请刷新后重新提交。"))
    form = FieldForm(request.POST)
    taken = take(form)
    if form.errors:
        fields = {name: [str(e) for e in errors] for name, errors in form.errors.items()}
        raise Invalid("needs_a_look", next(iter(fields.values()))[0], fields=fields)
    receipt = _report(request, form.cleaned_data, taken, key)
    body = {
        "number": receipt.number,
        "url": reverse("response:case", args=[receipt.number]),
        "repeated": receipt.repeated,
        "said": _told(receipt),
    }
    return JsonResponse(body, status=201)


def _report(request: ActorRequest, said: dict[str, Any], taken: Taken, key: str) -> actions.Receipt:
    sent = request.FILES.getlist("photo")
    if len(sent) > PHOTOS_MAX:
        sentence = _("最多 %(n)s 张照片。") % {"n": PHOTOS_MAX}
        raise Invalid("too_many_photos", sentence, fields={"photo": [sentence]})
    after = request.FILES.getlist("after")
    if len(after) > PHOTOS_MAX:
        sentence = _("最多 %(n)s 张照片。") % {"n": PHOTOS_MAX}
        raise Invalid("too_many_photos", sentence, fields={"after": [sentence]})
    keys, after_keys = _kept(request, sent), _kept(request, after)
    report = actions.Report(
        channel=Channel.FIELD,
        class_code=taken.class_code,
        lon=taken.lon or 0.0,
        lat=taken.lat or 0.0,
        description=said["description"],
        address=said["address"],
        place_source=taken.source,
        photo_keys=keys,
        client_key=key,
    )
    if said["mended"]:
        return actions.report_and_mend(actor=request.actor, report=report, result=said["result"], after_keys=after_keys)
    return actions.report_case(actor=request.actor, report=report)


def _told(receipt: actions.Receipt) -> str:
    """What became of it, in one sentence: reported, to be checked by another, or closed at once."""
    words = {
        "fed_back": _("已上报并处理，编号 %(number)s。抽中核查，等别的岗位核查。"),
        "closed": _("已上报并处理，编号 %(number)s。没有抽中核查，已结案。"),
    }
    return words.get(receipt.stage, _("已上报，编号 %(number)s。")) % {"number": receipt.number}


def _kept(request: ActorRequest, sent: Any) -> list[str]:
    return [files.accept_upload(actor=request.actor, stream=f, name=f.name or "").key for f in sent]


def _page(request: ActorRequest, form: FieldForm, taken: Taken, *, status: int = 200) -> HttpResponse:
    inbox = flow.inbox(actor=request.actor, flows=[CASE], tab="overdue", limit=WAITING)
    matters = list(inbox.matters)
    if len(matters) < WAITING:
        matters += flow.inbox(actor=request.actor, flows=[CASE], tab="soon", limit=WAITING - len(matters)).matters
    waiting = [_waiting(m) for m in matters]
    return render(
        request,
        "response/field.html",
        {
            **_form_context(form, taken),
            # whose drafts these are, on a phone that colleagues share; the mark says nothing to anybody else
            "owner": salted_hmac("linli.field.owner", request.actor.label).hexdigest()[:16],
            "counts": inbox.counts,
            "waiting": waiting,
            "has_errors": status >= 400,
        },
        status=status,
    )


def _waiting(matter: Any) -> dict[str, Any]:
    view = catalogue().by_id.get(matter.type_version_id)
    return {
        "number": number_of(matter.pk, matter.opened_at),
        "title": view.name if view else matter.title,
        "place": place_of(matter),
        "stage": CASE.stages[matter.stage].label,
        "urgency": urgency_view(matter),
    }


def _form_context(form: FieldForm, taken: Taken) -> dict[str, Any]:
    known = {v.code: v for v in queries.classes()}
    tops: dict[str, list[Any]] = {}
    for view in known.values():
        tops.setdefault(view.top_name, []).append(view)
    return {
        "form": form,
        "taken": taken,
        "place": place_line(taken.lon, taken.lat) if taken.placed else "",  # type: ignore[arg-type]
        "chips": [known[code] for code in CHIPS if code in known],
        "groups": list(tops.items()),
        "mendable": sorted(code for code in known if actions.may_be_mended(code)),
        "client_key": form.data.get("client_key") or str(uuid.uuid4()),
        "photos_max": PHOTOS_MAX,
        "tiles": f"/tiles/{territory.revision()}/{{z}}/{{x}}/{{y}}.mvt",
    }


@require_safe
@never_cache
def offline(request: ActorRequest) -> HttpResponse:
    """The form alone, which a phone keeps for when there is no network: nothing personal, no session needed."""
    return render(request, "response/field.html", {**_form_context(FieldForm(), Taken()), "offline": True})


@require_safe
@cache_control(no_cache=True)
def worker(request: ActorRequest) -> HttpResponse:
    """The service worker of the field page; its first lines name the release and what to keep."""
    names = (
        "site/linli.css", "site/shell.js", "site/suggest.js", "site/live.js", "site/drafts.js",
        "site/vendor/htmx.min.js", "response/field.css", "response/field.js",
    )  # fmt: skip
    kept = [reverse("response:field-offline"), *(static(name) for name in names)]
    script = (Path(__file__).resolve().parent.parent / "static/response/worker.js").read_text(encoding="utf-8")
    head = f'const REVISION = "{settings.STATIC_REVISION}";\nconst KEPT = {kept!r};\n'.replace("'", '"')
    return HttpResponse(head + script, content_type="text/javascript; charset=utf-8")
