"""One summons: its page, its sheet, the steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from linli.accounts.permissions import ActorRequest, require
from linli.core import clock
from linli.core.decision import Decision
from linli.core.errors import Conflict, Invalid, Missing
from linli.files import actions as files
from linli.files.intake import photos_only
from linli.site.refusals import onto_form
from linli.territory import queries as territory
from linli.vault import names

from .. import permissions
from ..actions import answers
from ..answering import OWES
from ..choices import AnswerState
from ..forms.summons import StepForm
from ..queries import story as read
from ..queries.calls import allowed_to
from ..rules import SUMMONS

PHOTOS_MAX = 6
PAGE_KINDS = permissions.READ_KINDS


@dataclass(slots=True)
class Action:
    """A button of the page: open with its form, or closed with the reason."""

    verb: str
    label: Any
    form: StepForm | None = None
    reason: Any = ""
    body: str = ""
    body_id: int = 0
    open: bool = False
    strong: bool = False
    photo_keys: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.verb}-{self.body_id}" if self.body_id else self.verb


@require_safe
@never_cache
@require(*PAGE_KINDS)
def one(request: ActorRequest, id: int) -> HttpResponse:
    """`/coordination/summons/7/`"""
    return page(request, read.story(request.actor, id))


@require_safe
@never_cache
@require(*PAGE_KINDS)
def sheet(request: ActorRequest, id: int) -> HttpResponse:
    """The same on paper, as the bodies take it along."""
    found = read.story(request.actor, id)
    return render(request, "coordination/summons_sheet.html", {"found": found, "now": clock.now(), "tab": "summons"})


@photos_only
@require_POST
@never_cache
@require(*PAGE_KINDS)
def move(request: ActorRequest, id: int, verb: str) -> HttpResponse:
    """Take a step: 303 to the page; 422 with the fields, 409 with who was first; what was typed stays."""
    found = read.story(request.actor, id)
    if verb not in answers.OF_BODY + answers.OF_CHIEF:
        raise Missing("unknown_verb", _("这类事项没有这个动作。"))
    form = _form(found, verb, request.POST)
    keys = [k for k in request.POST.getlist("photo_keys") if k.isalnum()][:PHOTOS_MAX]
    form.is_valid()
    body = form.cleaned_data.get("body")
    allowed_to(request.actor, found.matter, [p.row for p in found.parts], verb, body).or_forbidden()
    if form.errors:
        return page(request, found, form=form, keys=keys, status=422)
    said = form.cleaned_data
    try:
        keys += _take_photos(request, PHOTOS_MAX - len(keys)) if verb == "answer" else []
        step = answers.Step(
            verb, said["version"], said.get("seq") if verb in ("settle", "fail") else None, body,
            said.get("text", ""), form.verdicts(), keys,
        )  # fmt: skip
        answers.move_summons(actor=request.actor, summons_id=id, step=step)
    except Conflict as late:
        return page(request, read.story(request.actor, id), form=form, keys=keys, late=late, status=409)
    except Invalid as refused:
        for need in ("reason", "result"):
            if need in refused.fields:
                refused.fields["text"] = refused.fields.pop(need)
        onto_form(form, refused)
        return page(request, found, form=form, keys=keys, status=422)
    messages.success(request, _("已“%(verb)s”。") % {"verb": SUMMONS.moves[verb].label})
    answer = HttpResponseRedirect(reverse("coordination:summons", args=[id]))
    answer.status_code = 303
    return answer


def _take_photos(request: ActorRequest, room: int) -> list[str]:
    sent = request.FILES.getlist("photo")
    if len(sent) > room:
        sentence = _("最多 %(n)s 张照片。") % {"n": PHOTOS_MAX}
        raise Invalid("too_many_photos", sentence, fields={"text": [sentence]})
    return [files.accept_upload(actor=request.actor, stream=f, name=f.name or "").key for f in sent]


def _form(found: read.Story, verb: str, data: Any = None, mine: int = 0) -> StepForm:
    live = [p for p in found.parts if p.row.state != AnswerState.RELEASED]
    if verb == "release":
        live = [p for p in live if p.row.state in OWES]
    typed = str(data.get("body", "")) if data is not None else ""
    mine = mine or (int(typed) if verb in answers.OF_BODY and typed.isdecimal() and len(typed) < 19 else 0)
    bodies = [(p.row.body_id, p.name, p.row.verdict) for p in live]
    initial = {"version": found.matter.version, "seq": found.matter.seq, "body": mine or None}
    return StepForm(verb, data, bodies=bodies, mine=mine, initial=initial)


def page(
    request: ActorRequest,
    found: read.Story,
    *,
    form: StepForm | None = None,
    keys: list[str] | None = None,
    late: Conflict | None = None,
    status: int = 200,
) -> HttpResponse:
    """`form`: the step that was refused, with what was typed."""
    buttons = _buttons(found, form, tuple(keys or ()))
    shown = any(b.form is form for b in buttons)
    context = {
        "found": found,
        "matter": found.matter,
        "summons": found.summons,
        "buttons": [b for b in buttons if b.form is not None and b.verb not in BESIDE],
        "beside": [b for b in buttons if b.form is not None and b.verb in BESIDE],
        "refused": [b for b in buttons if b.form is None and b.verb in ("settle", "fail")],
        "form": form if form is not None and form.errors else None,
        "late": first_sentence(late.details) if late else "",
        "late_message": late.message if late else "",
        "kept_text": form.data.get("text", "") if form is not None and late and not shown else "",
        "has_errors": status >= 400,
        "tiles": f"/tiles/{territory.revision()}/{{z}}/{{x}}/{{y}}.mvt",
        "urgency": {"due_at": found.matter.due_at, "closed_at": found.matter.ended_at},
        "tab": "summons",
    }
    request.live_scope = f"summons:{found.summons.pk}"  # type: ignore[attr-defined]
    return render(request, "coordination/summons.html", context, status=status)


BESIDE = frozenset({"release", "withdraw", "note"})
STRONG = frozenset({"sign", "arrive", "answer", "settle"})


def _buttons(found: read.Story, refused: StepForm | None, keys: tuple[str, ...]) -> list[Action]:
    """What this person may press: for each own body, then as chief. The first strong one stands open."""
    made = []
    for part in found.parts:
        for verb in part.verbs:
            form = _again(refused, found) if _is(refused, verb, part.row.body_id) else None
            made.append(_action(found, verb, form, part.name, part.row.body_id, keys))
    for verb, decision in found.verbs.items():
        made.append(_chiefs(found, verb, decision, refused))
    if refused is None:
        first = next((b for b in made if b.form is not None and b.strong), None)
        if first is not None:
            first.open = True
    return made


def _is(form: StepForm | None, verb: str, body_id: int = 0) -> bool:
    return form is not None and form.verb == verb and (not body_id or str(form.data.get("body", "")) == str(body_id))


def _action(
    found: read.Story, verb: str, refused: StepForm | None, body: str = "", body_id: int = 0,
    keys: tuple[str, ...] = (),
) -> Action:  # fmt: skip
    form = refused or _form(found, verb, mine=body_id)
    return Action(
        verb, SUMMONS.moves[verb].label, form, body=body, body_id=body_id, open=refused is not None,
        strong=verb in STRONG, photo_keys=keys if refused is not None else (),
    )  # fmt: skip


def _chiefs(found: read.Story, verb: str, decision: Decision, refused: StepForm | None) -> Action:
    if not decision:
        return Action(verb, SUMMONS.moves[verb].label, reason=decision.reason)
    return _action(found, verb, _again(refused, found) if _is(refused, verb) else None)


def _again(form: StepForm | None, found: read.Story) -> StepForm | None:
    """The same form with what is seen now: the person has read what happened meanwhile."""
    if form is None:
        return None
    data = QueryDict(mutable=True)
    data.update(form.data)
    data["version"], data["seq"] = str(found.matter.version), str(found.matter.seq)
    form.data = data
    return form


def first_sentence(details: dict[str, Any]) -> str:
    """Who was first, in one sentence, from the details of a 'moved_meanwhile' conflict."""
    actor, verb, at = (str(details.get(k, "")) for k in ("first", "verb", "at"))
    if not (actor and verb):
        return ""
    name = names.of([actor]).get(actor, _("系统"))
    when = f"{clock.local(datetime.fromisoformat(at)):%H:%M}" if at else ""
    return _("%(name)s在 %(when)s 先做了“%(verb)s”。") % {"name": name, "when": when, "verb": read.verb_label(verb)}
