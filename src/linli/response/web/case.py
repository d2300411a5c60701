"""One case: everything about it on a page, and the steps that this person may take."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
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
from linli.core.errors import Conflict, Invalid, Missing, Refusal
from linli.files import actions as files
from linli.files.intake import photos_only
from linli.flow.rules import Move
from linli.organisations import queries as organisations
from linli.site import limits, throttle
from linli.site.refusals import onto_form
from linli.territory import queries as territory
from linli.vault import actions as vault
from linli.vault import queries as contacts

from .. import actions, case_links, deadlines, permissions, queries
from ..catalogue import catalogue
from ..choices import Channel, Level, Outcome, Satisfaction, Urgency
from ..forms import ReasonForm, StepForm
from ..queries.calls import photos_of
from ..rules import CASE, label_of
from ..steps.placing import placeless
from .intake import take_place
from .pickers import fill, initials
from .rows import place_of, urgency_view
from .story import first_sentence, names_of, tell, throws

PHOTOS_MAX = 6
STRONG = (
    "accept", "answer", "mend", "dispatch", "find", "claim", "sign", "take_transfer", "assist_sign", "assist_report",
    "feed_back", "grant_return", "grant_time", "pass", "close", "call_back",
)  # fmt: skip

BESIDE = frozenset(
    {
        "seek_finding", "offer", "withdraw_offer", "give_up", "ask_transfer", "ask_time", "remind", "supervise", "escalate",
        "merge", "unmerge", "release_assist", "split", "note", "thank", "contacted", "retract",
    }
)  # fmt: skip


@dataclass(slots=True)
class Action:
    """A button of the page: open with its form, or closed with the reason."""

    move: Move
    form: StepForm | None = None
    reason: Any = ""
    open: bool = False
    photo_keys: list[str] = field(default_factory=list)

    @property
    def strong(self) -> bool:
        return self.move.verb in STRONG

    @property
    def beside(self) -> bool:
        """Possible, but not what the stage waits for: folded away, unless it was refused and must be seen."""
        return self.move.verb in BESIDE and not self.open


def load(request: ActorRequest, number: str) -> Any:
    """The case in the actor's scope; a mistyped number is missing like any other."""
    try:
        return queries.case_for(request.actor, number)
    except Invalid:
        raise Missing("no_such_case", _("没有这件事，或它不在您的辖区。")) from None


@require_safe
@never_cache
@require(*permissions.SEE_KINDS)
def case(request: ActorRequest, number: str) -> HttpResponse:
    """Header, place, text, photographs, contact, steps, history."""
    return page(request, load(request, number))


@photos_only
@require_POST
@never_cache
@require(*permissions.SEE_KINDS)
def move(request: ActorRequest, number: str, verb: str) -> HttpResponse:
    """Take a step: 303 to the page; 422 with the fields, 409 with who was first; what was typed stays."""
    found = load(request, number)
    if verb not in CASE.moves or verb == "rate":
        raise Missing("unknown_verb", _("这类事项没有这个动作。"))
    form = StepForm(verb, request.POST)
    keys = [k for k in request.POST.getlist("photo_keys") if k.isalnum()][:PHOTOS_MAX]
    try:
        keys += _take_photos(request, PHOTOS_MAX - len(keys))
        extra = _extra(request, form) if form.is_valid() else {}
        if form.errors:
            return page(request, found, form=form, keys=keys, status=422)
        actions.move_case(actor=request.actor, case=found, step=_step(verb, form.cleaned_data, keys, extra))
    except Conflict as late:
        return page(request, load(request, number), form=form, keys=keys, late=late, status=409)
    except Invalid as refused:
        form.is_valid()
        _show(form, refused)
        return page(request, load(request, number), form=form, keys=keys, status=422)
    messages.success(request, _("已“%(verb)s”。") % {"verb": label_of(verb)})
    answer = HttpResponseRedirect(_after(request, found))
    answer.status_code = 303
    return answer


def _extra(request: ActorRequest, form: StepForm) -> dict[str, Any]:
    """What the verb's own fields say; a case that is named by its number is looked up in the actor's scope, a place that
    is named by words among the places."""
    extra = form.said()
    if "place_q" in form.fields:
        taken = take_place(form)
        form.places = taken.places
        if taken.placed:
            extra |= {"lon": taken.lon, "lat": taken.lat, "place_source": taken.source}
    if "parent" in extra:
        try:
            extra["parent"] = queries.case_for(request.actor, extra["parent"])
        except (Missing, Invalid):
            sentence = _("没有这件事，或它不在您的辖区。")
            raise Invalid("no_such_case", sentence, fields={"parent": [sentence]}) from None
    return extra


def _after(request: ActorRequest, found: Any) -> str:
    """The page of the case; the list of cases if the step took it out of this actor's sight (a return)."""
    if permissions.can_see(request.actor, found.matter):
        return reverse("response:case", args=[queries.number_of_case(found)])
    return reverse("response:cases")


def _take_photos(request: ActorRequest, room: int) -> list[str]:
    sent = request.FILES.getlist("photo")
    if len(sent) > room:
        sentence = _("最多 %(n)s 张照片。") % {"n": PHOTOS_MAX}
        raise Invalid("too_many_photos", sentence, fields={"photo": [sentence]})
    return [files.accept_upload(actor=request.actor, stream=f, name=f.name or "").key for f in sent]


def _step(verb: str, said: dict[str, Any], keys: list[str], extra: dict[str, Any] | None = None) -> actions.Step:
    return actions.Step(
        verb,
        said["version"],
        text=said["text"],
        body_id=said.get("body"),
        class_code=said.get("class_code", ""),
        outcome=said.get("outcome", ""),
        satisfaction=said.get("satisfaction", ""),
        photo_keys=keys,
        extra=extra or {},
    )


def _show(form: StepForm, refused: Refusal) -> None:
    """The action speaks of reason, result or text; the form has one text."""
    for need in ("reason", "result") if "text" in form.fields else ():
        if need in refused.fields:
            refused.fields["text"] = refused.fields.pop(need)
    if "place_q" in form.fields and "place" in refused.fields:
        refused.fields["place_q"] = refused.fields.pop("place")
    onto_form(form, refused)


@require_POST
@never_cache
@require(*permissions.SEE_KINDS)
def contact(request: ActorRequest, number: str) -> HttpResponse:
    """Show the contact once, after a reason that goes to the log. Never in an address, never in a session."""
    found = load(request, number)
    form = ReasonForm(request.POST)
    form.is_valid()
    allowed = permissions.can_read_contact(request.actor, found.matter)
    allowed.or_forbidden()
    throttle.take_all(f"contact:{request.actor.label}", limits.rates(limits.Rate.CONTACT_READ))
    if found.contact_id is None:
        raise Missing("no_contact", _("这件事没有留联系方式。"))
    try:
        seen = vault.read_contact(
            actor=request.actor,
            contact_id=found.contact_id,
            reason=form.cleaned_data.get("reason", ""),
            allowed=allowed,
        )
    except Invalid as refused:
        onto_form(form, refused)
        return page(request, found, reason_form=form, status=422)
    return page(request, found, seen=seen)


# --- the page ------------------------------------------------------------------------------------------
def page(
    request: ActorRequest,
    found: Any,
    *,
    form: StepForm | None = None,
    keys: list[str] | None = None,
    late: Conflict | None = None,
    reason_form: ReasonForm | None = None,
    seen: Any = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a case. `form` is the step that was refused, with what was typed."""
    actor, matter, view = request.actor, found.matter, queries.class_of(found)
    lines = queries.history(actor, found)
    buttons = actions_of(actor, found, form, keys or [], lines)
    shown = any(b.form is form for b in buttons)
    bad_form = form if form is not None and form.errors else reason_form
    context = {
        "number": (number := queries.number_of_case(found)),
        "links": case_links.links(actor, matter, number),
        "case": found,
        "matter": matter,
        "view": view,
        "stage": CASE.stages[matter.stage],
        "urgency": urgency_view(matter),
        "ended": bool(matter.ended_at),
        "urgency_word": Urgency(view.urgency).label,
        "channel": Channel(found.channel).label,
        "outcome": Outcome(found.outcome).label if found.outcome else "",
        "satisfaction": Satisfaction(found.satisfaction).label if found.satisfaction else "",
        "body": organisations.body_name(matter.body_id),
        "suggested": queries.suggested_body(found),
        "place": place_of(matter),
        "approximate": _approximate(matter),
        "placeless": placeless(found),
        "report": lines[0].personal if lines else {},
        "erased": bool(lines) and lines[0].erased,
        "told": tell(lines),
        "why": _why(found, view, lines),
        "missed": queries.class_by_id(found.limit_class_id).name if found.limit_class_id else "",
        "hands": queries.hands_of(actor, found, lines),
        "marks": queries.marks(found.reminded, found.supervised, found.paused_at),
        **_asked(found, lines),
        "level": Level(found.level).label,
        "alike": queries.alike(actor, found) if any(b.form and b.move.verb == "merge" for b in buttons) else [],
        "initials": initials() if any(b.form and "body" in b.form.fields for b in buttons) else None,
        "near_m": queries.NEAR_M,
        "near_days": queries.NEAR_DAYS,
        "photos": photos_of(actor, found, lines),
        "throws": throws(lines),
        "buttons": [b for b in buttons if b.form is not None and not b.beside],
        "beside": [b for b in buttons if b.form is not None and b.beside],
        "refused": [b for b in buttons if b.form is None],
        "late": first_sentence(late.details) if late else "",
        "late_message": late.message if late else "",
        "kept_text": form.data.get("text", "") if form is not None and not shown else "",
        "form": bad_form,
        "can_read_contact": permissions.can_read_contact(actor, matter),
        "has_contact": contacts.contact_known(found.contact_id),
        "had_contact": found.contact_id is not None,
        "reason_form": reason_form or ReasonForm(),
        "seen": seen,
        "has_errors": status >= 400,
        "tiles": f"/tiles/{territory.revision()}/{{z}}/{{x}}/{{y}}.mvt",
    }
    request.live_scope = f"case:{found.pk}"  # type: ignore[attr-defined]
    return render(request, "response/case.html", context, status=status)


def _approximate(matter: Any) -> bool:
    division = territory.division(matter.community) if matter.community else None
    return bool(division and division.approximate)


def _asked(found: Any, lines: Any) -> dict[str, Any]:
    """The request of time that waits for a chief, who asked and why (1 to 3 SQL, none where nothing waits)."""
    asked = queries.asked_time(found) if found.matter.post_kind else None
    if asked is None:
        return {"asked": None}
    line = next((line for line in reversed(lines) if line.verb == "ask_time"), None)
    why = line.personal.get("reason", "") if line else ""
    return {"asked": asked, "asked_why": why, "asked_who": names_of([asked.asked_by])[asked.asked_by]}


def _why(found: Any, view: Any, lines: Any) -> dict[str, Any]:
    """The arithmetic of both due times. A case that never stood still needs no look at its changes."""
    matter = found.matter
    waits = matter.stage == "handling" and found.contact_id is not None and found.contacted_at is None
    step, whole = deadlines.reasons(
        catalogue(),
        view,
        matter.stage,
        contact=waits,
        stage_started_at=matter.stage_started_at,
        counted_from=found.counted_from,
        division=matter.community or matter.subdistrict or matter.area,
        changes=queries.changes_of(found),
    )
    return {"step": None if matter.ended_at or matter.closed_at else step, "whole": whole, "contact": waits}


def actions_of(actor: Any, found: Any, refused: StepForm | None, keys: list[str], lines: Any = None) -> list[Action]:
    """Every button of this stage; the refused form takes its verb's place, else the first strong one stands open."""
    found_actions, ruled = [], queries.ruled_joint(found, lines or ())
    for arrow, allowed in queries.options_for(actor, found, lines):
        if not allowed:
            if arrow.verb not in BESIDE:
                found_actions.append(Action(arrow, reason=allowed.reason))
            continue
        mine = refused is not None and refused.verb == arrow.verb
        form = (
            _again(refused, found)
            if mine and refused is not None
            else StepForm(arrow.verb, initial=_initial(found, arrow.verb, ruled))
        )
        fill(form, found)
        found_actions.append(Action(arrow, form, open=mine, photo_keys=keys if mine else []))
    if refused is None:
        first = next((a for a in found_actions if a.form is not None and a.strong), None)
        if first is not None:
            first.open = True
    return found_actions


def _initial(found: Any, verb: str, ruled: list[int]) -> dict[str, Any]:
    patience = clock.now() + timedelta(days=limits.days(limits.Span.INVITATION_PROPOSED))
    return {"version": found.matter.version, "body": found.suggested_body_id, "claim_by": patience,
            "joint": ruled if verb == "dispatch" else []}  # fmt: skip


def _again(form: StepForm, found: Any) -> StepForm:
    """The same form with the version that is seen now: the person has read what happened meanwhile."""
    data = QueryDict(mutable=True)
    data.update(form.data)  # of lists every value stays
    data["version"] = str(found.matter.version)
    form.data = data
    return form
