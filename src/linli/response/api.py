"""Cases for programs: report, list, read, move. Every refusal has the same JSON: code, message, fields, details."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _  # the page of the interface translates
from ninja import Field, Header, Query, Router, Schema, Status
from pydantic import AfterValidator, AwareDatetime

from linli.accounts.permissions import staff_api
from linli.core.actor import Actor
from linli.knowledge import queries as knowledge
from linli.organisations import queries as organisations
from linli.site import limits, throttle

from . import actions, queries
from .queries import CaseRow
from .rules import CASE, number_of

router = Router(tags=["cases"])


class ReportIn(Schema):
    """A report. Coordinates are WGS-84 degrees; texts may hold at most 2,000 and 120 characters.

    A question (a class of consultations) may name the division of who asks instead of a point.
    """

    class_code: str = Field(max_length=8, examples=["0102"])
    lon: float | None = None
    lat: float | None = None
    division: str = Field("", max_length=12, description="6 or 9 digits; for questions without a point")
    description: str = ""
    address: str = ""
    channel: Literal["api", "phone", "onsite", "field"] = "api"
    place_source: Literal["map", "search", "list", "device"] = "map"
    phone: str = Field("", max_length=32)
    name: str = Field("", max_length=40)
    consent: str = Field("", max_length=40)
    photo_keys: list[str] = Field(default_factory=list, max_length=6)


class ReceiptOut(Schema):
    """`code` opens the reporter's private page; it is shown once and stored nowhere."""

    number: str
    code: str
    stage: str
    class_name: str
    place: str
    due_at: datetime | None
    final_due_at: datetime | None
    provisional: bool
    repeated: bool


class CaseOut(Schema):
    """One case without its free text."""

    number: str
    version: int
    class_code: str
    class_name: str
    stage: str
    stage_label: str
    channel: str
    subdistrict: str
    community: str
    grid_at_intake: str
    near: str
    lon: float
    lat: float
    body: str
    opened_at: datetime
    due_at: datetime | None
    final_due_at: datetime | None
    due_provisional: bool
    closed_at: datetime | None
    simulated: bool
    level: str
    parent: str = Field(
        description="number of the main case of a merged report, of the whole of a part, if it is in your scope; else empty"
    )
    report_count: int
    paused_at: datetime | None


class CasesOut(Schema):
    """A page; go on with `?after=next_after` until it is empty."""

    cases: list[CaseOut]
    next_after: str


def _foreseeable(moment: datetime) -> datetime:
    if not 2000 < moment.year < 2050:
        raise ValueError("a moment between 2001 and 2049 is asked for")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_foreseeable)]
BodyCode = Annotated[str, Field(max_length=32)]


class PartIn(Schema):
    """One part of a case that is split."""

    class_code: str = Field(max_length=8)
    text: str = Field(max_length=2000)


class ExtraIn(Schema):
    """What only some verbs ask. Bodies are told by their codes, times with their offset."""

    joint: list[BodyCode] = Field(default_factory=list, max_length=20, description="dispatch, find, seek_finding")
    kinds: list[Annotated[str, Field(max_length=24)]] = Field(default_factory=list, max_length=20, description="offer")
    bodies: list[BodyCode] = Field(default_factory=list, max_length=50, description="offer: only these")
    claim_by: Moment | None = Field(None, description="offer")
    time_kind: Literal["", "pause", "extend", "defer"] = Field("", description="ask_time")
    amount: int | None = Field(None, ge=1, le=10_000, description="ask_time, extend")
    unit: Literal["", "urgent_hour", "working_hour", "working_day", "natural_day"] = Field("", description="extend")
    until: Moment | None = Field(None, description="ask_time: pause (optional) or defer")
    parent: str = Field("", max_length=32, description="merge: number of the main case")
    parts: list[PartIn] = Field(default_factory=list, max_length=20, description="split: two or more")
    call: Literal["", "talked", "no_answer", "busy", "off", "wrong", "refused", "later"] = Field("", description="call")
    later: Moment | None = Field(None, description="call, later: when to try again")
    lon: float | None = Field(None, description="accept: of a question that came without a place")
    lat: float | None = Field(None, description="accept: the same")
    article: str = Field("", max_length=32, description="answer: code of the knowledge article that was read out")


class StepIn(Schema):
    """One move. `version` is the one you read: if somebody was faster the answer is 409 and says who."""

    verb: str = Field(max_length=24)
    version: int
    text: str = ""
    body: str = Field("", max_length=32, description="code of the body: dispatch, find, offer, claim, ask_transfer")
    class_code: str = Field("", max_length=8)
    outcome: str = Field("", max_length=12)
    satisfaction: str = Field("", max_length=16)
    photo_keys: list[str] = Field(default_factory=list, max_length=6)
    extra: ExtraIn | None = None


class LineOut(Schema):
    """One line of the journal. `text` is there only for readers who may see it."""

    seq: int
    verb: str
    label: str
    actor: str
    at: datetime
    source: str
    target: str
    facts: dict[str, Any]
    text: dict[str, str]
    erased: bool
    hash: str


class ClassOut(Schema):
    code: str
    name: str
    top_code: str
    top_name: str
    object: str
    urgency: str
    limit_amount: int
    limit_unit: str
    provenance: str
    limit_provenance: str
    source: str


class RefusalOut(Schema):
    code: str
    message: str
    fields: dict[str, list[str]] = Field(default_factory=dict)
    details: dict[str, Any] = Field(default_factory=dict)


REFUSALS: dict[Any, Any] = {frozenset({401, 403, 404, 409, 413, 422, 429}): RefusalOut}


def stage_labels() -> dict[str, str]:
    """The stages in the language of this request, looked up once and not for each row of a list."""
    return {token: str(stage.label) for token, stage in CASE.stages.items()}


def as_case(row: CaseRow, labels: Mapping[str, str]) -> dict[str, Any]:
    """The JSON of a case. `labels` are `stage_labels()`."""
    view = queries.class_by_id(row.class_id)
    body = organisations.body(row.body_id)
    said = {name: getattr(row, name) for name in _AS_READ}
    for name in _MOMENTS:
        said[name] = _moment(said[name])
    return said | {
        "number": number_of(row.id, row.opened_at),
        "class_code": view.code,
        "class_name": view.name,
        "stage_label": labels[row.stage],
        "body": body.code if body else "",
        "parent": number_of(row.parent_id, row.parent_opened_at) if row.parent_id and row.parent_opened_at else "",
    }


_AS_READ = tuple(name for name in CaseOut.model_fields if name in CaseRow._fields)
_MOMENTS = tuple(name for name in _AS_READ if name.endswith("_at"))


def _moment(value: datetime | None) -> str | None:
    """Times as the schema's other answers write them: UTC with Z."""
    if value is None:
        return None
    return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds").replace("+00:00", "Z")


@router.post("/cases", response={201: ReceiptOut, 200: ReceiptOut, **REFUSALS}, auth=staff_api, summary=_("上报"))
def report(
    request: HttpRequest, data: ReportIn, idempotency_key: str = Header("", max_length=64)
) -> Status[dict[str, Any]]:
    """Report a case. Repeating with the same Idempotency-Key answers 200 with the first receipt."""
    actor = request.actor  # type: ignore[attr-defined]
    throttle.take_all(f"report/{actor.label}", limits.rates(limits.Rate.API_REPORT))
    receipt = actions.report_case(actor=actor, report=actions.Report(client_key=idempotency_key, **data.dict()))
    said = {name: getattr(receipt, name) for name in ReceiptOut.model_fields}
    return Status(200 if receipt.repeated else 201, said)


@router.get("/cases", response={200: CasesOut, **REFUSALS}, auth=staff_api, summary=_("案件列表"))
def list_cases(
    request: HttpRequest,
    stage: str = "",
    top: str = "",
    class_code: str = "",
    subdistrict: str = "",
    community: str = "",
    due: str = "",
    channel: str = "",
    since: str = "",
    until: str = "",
    view: Literal["area", "body"] = "area",
    after: str = "",
    limit: int = Query(50, ge=1, le=200),
) -> HttpResponse:
    """The cases of your divisions (or, view=body, of your bodies), newest first."""
    wanted = queries.CaseFilter.from_mapping(
        {
            "stage": stage,
            "top": top,
            "class_code": class_code,
            "subdistrict": subdistrict,
            "community": community,
            "due": due,
            "channel": channel,
            "since": since,
            "until": until,
            "view": view,
        }
    )
    rows, next_after = queries.case_rows(request.actor, wanted, after=after, limit=limit)  # type: ignore[attr-defined]
    # written as it is: checking 50 rows of our own against the schema again took longer than reading them; a test does
    labels = stage_labels()
    said = {"cases": [as_case(row, labels) for row in rows], "next_after": next_after}
    return HttpResponse(json.dumps(said, ensure_ascii=False), content_type="application/json")


@router.get("/cases/{number}", response={200: CaseOut, **REFUSALS}, auth=staff_api, summary=_("一件案件"))
def one_case(request: HttpRequest, number: str) -> dict[str, Any]:
    """One case in your scope."""
    actor = request.actor  # type: ignore[attr-defined]
    return as_case(CaseRow.of(actor, queries.case_for(actor, number)), stage_labels())


@router.post("/cases/{number}/moves", response={200: CaseOut, **REFUSALS}, auth=staff_api, summary=_("办理一步"))
def move(request: HttpRequest, number: str, data: StepIn) -> dict[str, Any]:
    """Take one step of the chain."""
    actor = request.actor  # type: ignore[attr-defined]
    case = queries.case_for(actor, number)
    values = data.dict(exclude={"extra"})
    body = _body(values.pop("body"))
    step = actions.Step(body_id=body, extra=_extra(actor, data.extra) if data.extra else {}, **values)
    actions.move_case(actor=actor, case=case, step=step)
    return as_case(CaseRow.of(actor, case), stage_labels())


def _body(code: str) -> int | None:
    """The id of the body with this code; 0, which the step refuses at its field, for a code that names none."""
    found = organisations.body_by_code(code) if code else None
    return found.id if found else 0 if code else None


def _extra(actor: Actor, said: ExtraIn) -> dict[str, Any]:
    """For the step: bodies as ids, the main case looked up in the actor's scope, parts as pairs; nothing empty."""
    extra = said.dict(exclude={"parts"})
    for name in ("joint", "bodies"):
        extra[name] = [_body(code) for code in extra[name]]
    if said.parent:
        extra["parent"] = queries.case_named(actor, said.parent)
    if said.article:
        found = knowledge.article(said.article)
        extra["article"] = found.version_id if found else 0
    extra["parts"] = [(part.class_code, part.text) for part in said.parts]
    return {name: value for name, value in extra.items() if value not in (None, "", [])}


@router.get("/cases/{number}/journal", response={200: list[LineOut], **REFUSALS}, auth=staff_api, summary=_("办理记录"))
def journal(request: HttpRequest, number: str) -> list[dict[str, Any]]:
    """Everything that happened to a case, oldest first, with the hash of each line."""
    actor = request.actor  # type: ignore[attr-defined]
    case = queries.case_for(actor, number)
    return [
        {
            "seq": line.seq,
            "verb": line.verb,
            "label": str(line.label),
            "actor": line.actor,
            "at": line.at,
            "source": line.source,
            "target": line.target,
            "facts": dict(line.facts),
            "text": {k: str(v) for k, v in line.personal.items()},
            "erased": line.erased,
            "hash": line.hash,
        }
        for line in queries.history(actor, case)
    ]


@router.get("/classes", response=list[ClassOut], summary=_("问题类型"))
def list_classes(request: HttpRequest) -> list[dict[str, Any]]:
    """The published classes with their limits and provenance. Public."""
    return [
        {
            "code": v.code,
            "name": v.name,
            "top_code": v.top_code,
            "top_name": v.top_name,
            "object": v.object,
            "urgency": v.urgency,
            "limit_amount": v.limit.amount,
            "limit_unit": str(v.limit.unit),
            "provenance": v.provenance,
            "limit_provenance": v.limit_provenance,
            "source": v.source,
        }
        for v in queries.classes()
    ]
