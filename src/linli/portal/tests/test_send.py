"""Drafts that a phone kept: sent once, refused with reasons, never from elsewhere."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client

from linli.files.models import Upload
from linli.flow.models import Matter
from linli.portal.web import draft as drafts
from linli.portal.web.send import page_token
from linli.response.models import Case
from linli.testing.fixtures import Cast
from linli.vault import queries as vault

from .resident import SPOT, Resident, picture

SAID = {"lon": SPOT[0], "lat": SPOT[1], "source": "device", "class_code": "0102", "description": "没有网络时写的"}


@pytest.fixture
def phone(district: Cast) -> Client:
    return Client(enforce_csrf_checks=True)


def sent(phone: Client, data: dict[str, Any] | None = None, **headers: str) -> Any:
    given = {"Idempotency-Key": str(uuid.uuid4()), "X-Page-Token": page_token()} | {
        k.replace("_", "-"): v for k, v in headers.items()
    }
    return phone.post("/report/send", SAID if data is None else data, headers=given)


def test_a_draft_with_two_pictures_arrives_exactly_once(phone: Client) -> None:
    key = str(uuid.uuid4())
    first = sent(phone, SAID | {"files": [picture(), picture("b.jpg")]}, Idempotency_Key=key)
    assert first.status_code == 201 and not first.json()["repeated"]
    second = sent(phone, SAID | {"files": [picture(), picture("b.jpg")]}, Idempotency_Key=key)
    assert second.status_code == 201 and second.json() == first.json() | {"repeated": True}
    assert Matter.objects.count() == 1 and Case.objects.get().photos == 2
    assert phone.get(first.json()["url"]).status_code == 200


def test_the_key_of_the_steps_and_of_the_phone_are_one(phone: Client) -> None:
    """The answer to a sent report was lost with the network; the phone sends its copy: still one case."""
    resident = Resident(Client()).to_check()
    key = drafts.loads(resident.value("state")).key  # type: ignore[union-attr]
    resident.press("send")
    answer = sent(phone, Idempotency_Key=key)
    assert answer.status_code == 201 and answer.json()["repeated"] and Matter.objects.count() == 1


def test_pictures_sent_before_need_the_token_of_the_same_draft(phone: Client) -> None:
    resident = Resident(Client()).to_what().press("upload", files=[picture()])
    key = drafts.loads(resident.value("state")).key  # type: ignore[union-attr]
    token = resident.values("photo")[0]
    assert sent(phone, SAID | {"photo": token}).json()["code"] == "photo_expired"
    assert sent(phone, SAID | {"photo": Upload.objects.get().key}, Idempotency_Key=key).status_code == 422
    assert sent(phone, SAID | {"photo": token}, Idempotency_Key=key).status_code == 201
    assert Case.objects.get().photos == 1


def test_a_place_from_the_list(phone: Client) -> None:
    data = {k: v for k, v in SAID.items() if k not in ("lon", "lat", "source")}
    assert sent(phone, data | {"division": "110102018"}).status_code == 201
    assert Case.objects.get().place_source == "list"
    assert sent(phone, data | {"division": "x"}).json()["code"] == "unknown_division"
    assert sent(phone, data).json()["code"] == "place_required"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"class_code": ""}, "class_code"),
        ({"class_code": "9999"}, "class_code"),
        ({"description": ""}, "description"),
        ({"description": "好" * 501}, "description"),
        ({"phone": "13812345678"}, "agreed"),
        ({"phone": "1", "agreed": "on", "consent": "case_contact-1"}, "phone"),
        ({"phone": "13812345678", "agreed": "on", "consent": "old"}, "consent"),
        ({"lon": "0", "lat": "0"}, "place"),
        ({"lon": "39.9", "lat": "116.4"}, "place"),
    ],
)
def test_what_must_be_looked_at_is_named_by_field(phone: Client, change: dict[str, str], field: str) -> None:
    answer = sent(phone, SAID | change)
    assert answer.status_code == 422 and field in answer.json()["fields"] and answer.json()["message"]
    assert not Matter.objects.exists()


def test_a_contact_comes_with_its_consent(phone: Client) -> None:
    data = SAID | {"phone": "13812345678", "agreed": "on", "consent": vault.consent_for("case_contact").version}
    assert sent(phone, data).status_code == 201
    assert Case.objects.get().contact_id


def test_too_many_pictures_and_too_large_ones(phone: Client) -> None:
    assert sent(phone, SAID | {"files": [picture() for _n in range(4)]}).json()["code"] == "too_many_photos"
    from django.core.files.uploadedfile import SimpleUploadedFile

    huge = SimpleUploadedFile("a.jpg", b"\xff\xd8\xff" + b"0" * (11 * 1024 * 1024), "image/jpeg")
    assert sent(phone, SAID | {"files": [huge]}).json()["code"] == "too_large"


def test_only_pages_of_this_house_may_send(phone: Client) -> None:
    assert sent(phone, X_Page_Token="x").status_code == 403
    assert sent(phone, Origin="https://elsewhere.example").status_code == 403
    assert sent(phone, Sec_Fetch_Site="cross-site").status_code == 403
    assert sent(phone, Idempotency_Key="1").json()["code"] == "bad_key"
    assert phone.get("/report/send").status_code == 405
    assert not Matter.objects.exists()


def test_too_many_wait(phone: Client, settings: Any) -> None:
    settings.PORTAL_LIMITS = settings.PORTAL_LIMITS | {"report": [[1, 600]]}
    assert sent(phone).status_code == 201
    late = sent(phone)
    assert late.status_code == 429 and int(late["Retry-After"]) > 0
