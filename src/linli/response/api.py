"""Cases for programs: report, list, read, move. Every refusal has the same JSON: code, message, fields, details."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_noop as _  # the page of the interface translates
from ninja import Field, Header, Query, Router, Schema, Status

from linli.accounts.permissions import staff_api
from linli.organisations import queries as organisations
from linli.site import throttle

from . import actions, queries
from .models import Case
from .rules import CASE

router = Router(tags=["cases"])
REPORTS_PER_MINUTE = 20_000  # per account: a program that runs wild is stopped, a hotline's peak is not


class ReportIn(Schema):
    """A report. Coordinates are WGS-84 degrees; texts may hold at most 2,000 and 120 characters."""

    class_code: str = Field(max_length=8, examples=["0102"])
    lon: float
    lat: float
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


class CasesOut(Schema):
    """A page; go on with `?after=next_after` until it is empty."""

    cases: list[CaseOut]
    next_after: str


class StepIn(Schema):
    """One move. `version` is the one you read: if somebody was faster the answer is 409 and says who."""

    verb: str = Field(max_length=24)
    version: int
    text: str = ""
    body: str = Field("", max_length=32, description="code of the body, for dispatch")
    class_code: str = Field("", max_length=8)
    outcome: str = Field("", max_length=12)
    satisfaction: str = Field("", max_length=16)
    photo_keys: list[str] = Field(default_factory=list, max_length=6)


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


def as_case(case: Case) -> dict[str, Any]:
    """The JSON of a case."""
    matter = case.matter
    view = queries.class_of(case)
    body = organisations.body(matter.body_id)
    return {
        "number": queries.number_of_case(case),
        "version": matter.version,
        "class_code": view.code,
        "class_name": view.name,
        "stage": matter.stage,
        "stage_label": str(CASE.stages[matter.stage].label),
        "channel": case.channel,
        "subdistrict": matter.subdistrict,
        "community": matter.community,
        "grid_at_intake": matter.grid_at_intake,
        "near": case.near,
        "lon": case.lon,
        "lat": case.lat,
        "body": body.code if body else "",
        "opened_at": matter.opened_at,
        "due_at": matter.due_at,
        "final_due_at": matter.final_due_at,
        "due_provisional": matter.due_provisional,
        "closed_at": matter.closed_at,
        "simulated": matter.simulated,
    }


def _as_text(value: object) -> str:
    """Times as the schema's other answers write them: UTC with Z."""
    assert isinstance(value, datetime)
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@router.post("/cases", response={201: ReceiptOut, 200: ReceiptOut, **REFUSALS}, auth=staff_api, summary=_("上报"))
def report(
    request: HttpRequest, data: ReportIn, idempotency_key: str = Header("", max_length=64)
) -> Status[dict[str, Any]]:
    """Report a case. Repeating with the same Idempotency-Key answers 200 with the first receipt."""
    actor = request.actor  # type: ignore[attr-defined]
    throttle.take(f"report/{actor.label}", limit=REPORTS_PER_MINUTE, per_s=60)
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
    page = queries.case_page(request.actor, wanted, after=after, limit=limit)  # type: ignore[attr-defined]
    # written as it is: checking 50 rows of our own against the schema again took longer than reading them; a test does
    said = {"cases": [as_case(c) for c in page.rows], "next_after": page.next_after}
    return HttpResponse(json.dumps(said, ensure_ascii=False, default=_as_text), content_type="application/json")


@router.get("/cases/{number}", response={200: CaseOut, **REFUSALS}, auth=staff_api, summary=_("一件案件"))
def one_case(request: HttpRequest, number: str) -> dict[str, Any]:
    """One case in your scope."""
    return as_case(queries.case_for(request.actor, number))  # type: ignore[attr-defined]


@router.post("/cases/{number}/moves", response={200: CaseOut, **REFUSALS}, auth=staff_api, summary=_("办理一步"))
def move(request: HttpRequest, number: str, data: StepIn) -> dict[str, Any]:
    """Take one step of the chain."""
    actor = request.actor  # type: ignore[attr-defined]
    case = queries.case_for(actor, number)
    values = data.dict()
    body = organisations.body_by_code(values.pop("body"))
    actions.move_case(actor=actor, case=case, step=actions.Step(body_id=body.id if body else None, **values))
    return as_case(case)


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
