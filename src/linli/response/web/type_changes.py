"""Pages that change matter types: the draft as a form, publishing, ending, taking back, bringing an earlier one back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.errors import Conflict, Invalid
from linli.site.templatetags.parts import when_text

from ..actions import types as actions
from ..choices import Level, Tree, Urgency
from ..queries import types as reads
from ..type_forms import TypeForm, initial_of
from .types import head_of, number_of, who


@require("administrator")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    """A type that there was not: it becomes a draft."""
    initial = {"tree": Tree.EVENT, "level": Level.SUBDISTRICT, "urgency": Urgency.ORDINARY, "provenance": "provisional",
               "limit_provenance": "provisional", "handle_amount": 5, "handle_unit": "working_day"}  # fmt: skip
    form = TypeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.new_draft(actor=request.actor, row=form.row(), note=form.cleaned_data["note"])
        except (Invalid, Conflict) as why:
            if not isinstance(why, Invalid) and not why.fields:
                raise
            form.refused(Invalid(why.code, why.message, fields=dict(why.fields)))
        else:
            messages.success(request, _("草稿已建好；发布以后才能登记这类事项。"))
            return redirect("response:types_type", class_code=made.code)
    return _form_page(request, form, {})


@require("administrator")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, class_code: str) -> HttpResponse:
    """The draft as a form; every fault stands at its field. Without a draft the form begins with what is in force."""
    found = reads.versions(request.actor, class_code)
    draft, base = reads.draft(found), reads.published(found) or found[0]
    now = draft or base
    if request.method != "POST":
        form = TypeForm(initial=initial_of(reads.row_of(now)) | {"note": draft.note if draft else ""},
                        fixed_code=class_code)  # fmt: skip
        return _form_page(request, form, head_of(request, found, now))
    form = TypeForm(request.POST, fixed_code=class_code)
    expected = number_of(request.POST.get("expected", ""))
    if form.is_valid():
        row, note = form.row(), form.cleaned_data["note"]
        try:
            if request.POST.get("base") == "new" or draft is None:
                actions.new_draft(actor=request.actor, code=class_code, row=row, note=note)
            else:
                stale = -1 if expected is None else expected
                actions.change_draft(actor=request.actor, code=class_code, expected=stale, row=row, note=note)
        except Invalid as why:
            form.refused(why)
        except Conflict as why:
            form.add_error(None, conflict_words(why))
            return _form_page(request, form, head_of(request, found, now), status=409)
        else:
            messages.success(request, _("草稿已保存。发布以前现行的版本不变。"))
            return redirect(f"{_home(class_code)}?version={draft.number if draft else found[0].number + 1}")
    return _form_page(request, form, head_of(request, found, now))


def conflict_words(why: Conflict) -> str:
    first, at = str(why.details.get("first") or ""), str(why.details.get("at") or "")
    if not first:
        return str(why.message)
    when = when_text(datetime.fromisoformat(at)) if at else ""
    return f"{why.message} {_('%(who)s，%(when)s') % {'who': who(first), 'when': when}}"


def _home(class_code: str) -> str:
    return reverse("response:types_type", kwargs={"class_code": class_code})


def _form_page(request: ActorRequest, form: TypeForm, head: Mapping[str, Any], status: int = 200) -> HttpResponse:
    context = {**head, "form": form, "has_errors": bool(form.errors)}
    return render(request, "response/type_form.html", context, status=422 if form.errors and status == 200 else status)


# --- what becomes of a version ----------------------------------------------------------------------------------
def day_of(request: ActorRequest) -> date | None:
    text = request.POST.get("on", "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        sentence = _("日子的写法不对，请写成 2026-11-22 这样。")
        raise Invalid("bad_day", sentence, fields={"on": [sentence]}) from None


@require("administrator")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: ActorRequest, class_code: str) -> HttpResponse:
    """What will change, once more; then from which day on."""
    found = reads.versions(request.actor, class_code)
    draft, now, error = reads.draft(found), reads.published(found), ""
    if request.method == "POST":
        expected = number_of(request.POST.get("expected", ""))
        try:
            made = actions.publish(
                actor=request.actor, code=class_code, expected=-1 if expected is None else expected, on=day_of(request)
            )
        except Invalid as why:
            if draft is None or "on" not in why.fields:
                raise
            error = str(why.fields["on"][0])
        else:
            later = made.type_version.state == "draft"
            messages.success(request, _("已定好，到日子自动生效。") if later else _("已发布，从现在起用这一版登记。"))
            return redirect("response:types_type", class_code=class_code)
    if draft is None:
        return redirect("response:types_type", class_code=class_code)
    context = {
        **head_of(request, found, draft),
        "differences": reads.differences(reads.row_of(now), reads.row_of(draft)) if now else [],
        "today": clock.today(),
        "error": error,
    }
    return render(request, "response/type_publish.html", context, status=422 if error else 200)


@require("administrator")
@require_POST
def discard(request: ActorRequest, class_code: str) -> HttpResponse:
    actions.discard(actor=request.actor, code=class_code, expected=number_of(request.POST.get("expected", "")) or 0)
    messages.success(request, _("草稿已放弃。"))
    if class_code not in {v.code for v in reads.every_type(request.actor)}:
        return redirect("response:classes")  # it never was more than this draft
    return redirect("response:types_type", class_code=class_code)


@require("administrator")
@require_POST
def withdraw(request: ActorRequest, class_code: str) -> HttpResponse:
    actions.withdraw(actor=request.actor, code=class_code, expected=number_of(request.POST.get("expected", "")) or 0)
    messages.success(request, _("已撤回，可以继续改。"))
    return redirect("response:types_type", class_code=class_code)


@require("administrator")
@require_POST
def retire(request: ActorRequest, class_code: str) -> HttpResponse:
    actions.retire(actor=request.actor, code=class_code, on=day_of(request))
    messages.success(request, _("已停用或定好停用的日子；办着的案件照办。"))
    return redirect("response:types_type", class_code=class_code)


@require("administrator")
@require_POST
def keep(request: ActorRequest, class_code: str) -> HttpResponse:
    actions.keep(actor=request.actor, code=class_code)
    messages.success(request, _("不停用了。"))
    return redirect("response:types_type", class_code=class_code)


@require("administrator")
@require_POST
def restore(request: ActorRequest, class_code: str) -> HttpResponse:
    made = actions.restore(actor=request.actor, code=class_code, number=number_of(request.POST.get("number", "")) or 0)
    messages.success(request, _("已按第 %(n)s 版建了草稿，请核对后发布。") % {"n": request.POST.get("number", "")[:6]})
    return redirect(f"{_home(class_code)}?version={made.number}")
