"""Satisfaction waves: a new one, letters with codes, results; and the page behind a code, which needs no account."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Conflict, Invalid, Missing
from linli.exchange.columns import Column, Kind
from linli.exchange.writing import Sheet, xlsx_response
from linli.site import by_code, limits
from linli.site.refusals import onto_form
from linli.territory import queries as territory
from linli.vault import slips

from .. import permissions
from ..actions import waves as write
from ..queries import waves as read
from ..survey_forms import CodeForm, SlipsForm, WaveForm, marks_of, usual_questions
from .records import community_choices


@require_http_methods(["GET", "HEAD", "POST"])
@require(*permissions.KEEP_KINDS)
def new(request: ActorRequest) -> HttpResponse:
    permissions.can_run_survey(request.actor, territory.district().code).or_forbidden()
    today = clock.today()
    start = {
        "questions": usual_questions(),
        "opens_on": today,
        "name": _("%(year)s 年社区服务满意度") % {"year": today.year},
    }
    form = WaveForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            made = write.create_wave(actor=request.actor, **form.cleaned_data)
        except Invalid as refusal:
            onto_form(form, refusal)
        else:
            messages.success(request, _("已准备好。先做信，再开始。"))
            return redirect("circle:wave", wave_id=made)
    return render(request, "circle/surveys_wave_new.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
@require(*permissions.READ_KINDS)
def wave(request: ActorRequest, wave_id: int) -> HttpResponse:
    return _page(request, wave_id)


def _page(request: ActorRequest, wave_id: int, form: SlipsForm | None = None, status: int = 200) -> HttpResponse:
    found = read.results(actor=request.actor, wave_id=wave_id)
    may = bool(permissions.can_run_survey(request.actor, found.wave.district))
    english = (get_language() or "zh").startswith("en")
    places = community_choices(request.actor, permissions.KEEP_KINDS)
    context = {
        "found": found, "wave": found.wave, "may_run": may, "least": found.least,
        "questions": [(code, en if english and en else name) for code, name, en in found.questions],
        "form": (form or SlipsForm(communities=places)) if may and found.wave.state != "closed" else None,
    }  # fmt: skip
    return render(request, "circle/surveys_wave.html", context, status=status)


@require_safe
@require(*permissions.READ_KINDS)
def wave_xlsx(request: ActorRequest, wave_id: int) -> HttpResponse:
    """The results as the page shows them: what is suppressed there is empty here."""
    found = read.results(actor=request.actor, wave_id=wave_id)
    columns = [
        Column("code", _("编码"), "Code", Kind.CODE), Column("name", _("区划"), "Division", width=20),
        Column("slips", _("发出"), "Slips", Kind.INTEGER), Column("voices", _("回收"), "Answers", Kind.INTEGER),
        Column("rate", _("回收率（%）"), "Response (%)", Kind.DECIMAL),
    ]  # fmt: skip
    for code, name, name_en in found.questions:
        columns += [
            Column(f"{code}-mean", f"{name} {_('平均分')}", f"{name_en or name} mean", Kind.DECIMAL),
            Column(f"{code}-content", f"{name} {_('满意（%）')}", f"{name_en or name} satisfied (%)", Kind.DECIMAL),
        ]
    rows = [_row(g, found) for g in (found.district, *found.subdistricts, *found.communities)]
    about = [
        (_("调查"), found.wave.name), (_("模拟数据"), _("是") if found.wave.simulated else _("否")),
        (_("口径"), _("少于 %(n)s 份回答的不公布；能从别的数字减出来的也不公布。") % {"n": found.least}),
    ]  # fmt: skip
    book = xlsx_response(f"{found.wave.name}-{clock.today()}", [Sheet(_("满意度"), columns, rows)], about=about)
    return cast(HttpResponse, book)


def _row(group: read.Group, found: read.Results) -> dict[str, Any]:
    row: dict[str, Any] = {"code": group.code, "name": group.name, "slips": group.slips, "voices": group.voices}
    row["rate"] = None if group.rate is None else round(group.rate, 1)
    for (code, _n, _e), said in zip(found.questions, group.answers, strict=True):
        row[f"{code}-mean"] = None if said.mean is None else round(said.mean, 2)
        row[f"{code}-content"] = None if said.content is None else round(said.content, 1)
    return row


@require_POST
@require(*permissions.KEEP_KINDS)
@never_cache
def letters(request: ActorRequest, wave_id: int) -> HttpResponse:
    """Make slips and answer with their letters, ready to print. The codes are seen this once."""
    found = read.wave(actor=request.actor, wave_id=wave_id)
    form = SlipsForm(request.POST, communities=community_choices(request.actor, permissions.KEEP_KINDS))
    if not form.is_valid():
        return _page(request, wave_id, form, status=422)
    place = form.cleaned_data["community"]
    try:
        made = write.make_slips(actor=request.actor, wave_id=wave_id, communities={place: form.cleaned_data["count"]})
    except (Invalid, Conflict) as refusal:
        onto_form(form, refusal)
        return _page(request, wave_id, form, status=refusal.status)
    entry = request.build_absolute_uri(reverse("circle:voice-entry"))
    context = {
        "wave": found, "community": territory.division_name(place), "entry": entry,
        "letters": [(slips.grouped(code), slips.drawing(f"{entry}{code}/")) for code in made[place]],
    }  # fmt: skip
    response = render(request, "circle/surveys_slips.html", context)
    response["Cache-Control"] = "no-store, private"
    return response


@require_POST
@require(*permissions.KEEP_KINDS)
def void(request: ActorRequest, wave_id: int) -> HttpResponse:
    n = write.void_slips(actor=request.actor, wave_id=wave_id, community=request.POST.get("community", ""))
    messages.success(request, _("已作废 %(n)s 张。") % {"n": n})
    return redirect("circle:wave", wave_id=wave_id)


@require_POST
@require(*permissions.KEEP_KINDS)
def open_wave(request: ActorRequest, wave_id: int) -> HttpResponse:
    write.open_wave(actor=request.actor, wave_id=wave_id)
    messages.success(request, _("已开始，调查码可以用了。"))
    return redirect("circle:wave", wave_id=wave_id)


@require_POST
@require(*permissions.KEEP_KINDS)
def close_wave(request: ActorRequest, wave_id: int) -> HttpResponse:
    write.close_wave(actor=request.actor, wave_id=wave_id)
    messages.success(request, _("已结束，结果可以看了。"))
    return redirect("circle:wave", wave_id=wave_id)


# --- the page behind a code: nobody signs in, nothing about the caller is kept -----------------------------------


def _unusable(request: HttpRequest, refusal: Missing) -> HttpResponse:
    form = CodeForm()
    form.fields["code"].widget.attrs["aria-describedby"] = "unusable"
    context = {"form": form, "unusable": refusal.message}
    return render(request, "circle/surveys_voice_entry.html", context, status=refusal.status)


_private = by_code.private("slip", limits.Rate.SURVEY_CODE, _unusable)


@require_http_methods(["GET", "HEAD", "POST"])
@_private
def entry(request: HttpRequest) -> HttpResponse:
    """Type the code of the letter."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        code = slips.normal(form.cleaned_data["code"])
        read.behind(code)
        return HttpResponseRedirect(reverse("circle:voice", args=[code]))
    return render(request, "circle/surveys_voice_entry.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@_private
def voice(request: HttpRequest, code: str) -> HttpResponse:
    """The questions, answered once."""
    plain = slips.normal(code)
    found, community = read.behind(plain)
    wrong = ""
    if request.method == "POST":
        try:
            marks = marks_of(request.POST, [q["code"] for q in found.questions])
            write.give_voice(code=plain, answers=marks)
        except Invalid as refusal:
            wrong = str(refusal.message)
        else:
            return HttpResponseRedirect(reverse("circle:voice-thanks"))
    english = (get_language() or "zh").startswith("en")
    questions = [
        (
            q["code"],
            q["name_en"] if english and q["name_en"] else q["name"],
            request.POST.get(f"answer-{q['code']}", ""),
        )
        for q in found.questions
    ]
    marks_said = [("1", _("很不满意")), ("2", _("不满意")), ("3", _("一般")), ("4", _("满意")), ("5", _("很满意"))]
    context = {"wave": found, "community": territory.division_name(community), "questions": questions,
               "marks": marks_said, "wrong": wrong, "has_errors": bool(wrong)}  # fmt: skip
    return render(request, "circle/surveys_voice.html", context, status=422 if wrong else 200)


@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    return render(request, "circle/surveys_voice_thanks.html")


urls: list[URLPattern] = [
    path("circle/waves/new/", new, name="wave-new"),
    path("circle/waves/<int:wave_id>/", wave, name="wave"),
    path("circle/waves/<int:wave_id>/results.xlsx", wave_xlsx, name="wave-xlsx"),
    path("circle/waves/<int:wave_id>/letters", letters, name="wave-letters"),
    path("circle/waves/<int:wave_id>/void", void, name="wave-void"),
    path("circle/waves/<int:wave_id>/open", open_wave, name="wave-open"),
    path("circle/waves/<int:wave_id>/close", close_wave, name="wave-close"),
    path("v/", entry, name="voice-entry"),
    path("v/thanks/", thanks, name="voice-thanks"),
    path("v/<str:code>/", voice, name="voice"),
]
