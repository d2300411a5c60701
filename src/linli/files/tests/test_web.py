"""Pictures over HTTP: asked for by key, answered only as the subject's room says, with safe headers."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponseBase
from django.test import Client, RequestFactory
from django.urls import Resolver404, resolve, reverse

from linli.core.actor import RESIDENT, Actor
from linli.core.decision import YES, Decision, no
from linli.core.errors import Forbidden, Invalid, Missing
from linli.files import actions, images, intake, permissions, store, web
from linli.files.models import Upload

from . import pictures

HANDLER, OTHER = Actor("person", 5, "承办员"), Actor("person", 6, "承办员")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings, monkeypatch) -> Path:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(permissions, "_rooms", {})
    return tmp_path


def taken(actor: Actor = RESIDENT, subject: str = "") -> Upload:
    return actions.accept_upload(actor=actor, stream=io.BytesIO(pictures.jpeg()), name="a", subject=subject)


def ask(key: str, size: str = "full", actor: Actor = RESIDENT, method: str = "get", **headers: str) -> HttpResponseBase:
    url = reverse("files:photo", args=[key, size])
    request: HttpRequest = getattr(RequestFactory(), method)(url, headers=headers)
    request.actor = actor
    return web.photo(request, key, size)


def test_only_the_room_of_the_subject_opens_it() -> None:
    kept = taken(subject="case:12")
    with pytest.raises(Missing):
        ask(kept.key, actor=HANDLER)  # nobody answers for cases

    def can_see(actor: Actor, subject: str, request: HttpRequest) -> Decision:
        assert subject == "case:12" and request.path.endswith(".jpg")
        if actor == RESIDENT:
            raise Missing("case_missing", "没有这件事。")
        return YES if actor == HANDLER else no("not_yours", "不是您单位承办的事项。")

    permissions.register("case", can_see)
    assert ask(kept.key, actor=HANDLER).status_code == 200
    with pytest.raises(Forbidden):
        ask(kept.key, actor=OTHER)
    with pytest.raises(Missing):
        ask(kept.key)
    with pytest.raises(Missing):
        ask("0" * 32, actor=HANDLER)


def test_a_draft_is_seen_by_its_maker() -> None:
    mine, residents = taken(HANDLER), taken()
    assert ask(mine.key, actor=HANDLER).status_code == 200
    for actor in (OTHER, RESIDENT):
        with pytest.raises(Missing):
            ask(mine.key, actor=actor)
    assert ask(residents.key).status_code == 200


def test_what_is_sent() -> None:
    kept = taken()
    full, small = ask(kept.key), ask(kept.key, "small")
    body = b"".join(full.streaming_content)
    assert body == store.path_of(kept.key, "full").read_bytes() and len(body) == kept.size
    assert pictures.opened(b"".join(small.streaming_content)).size == (320, 240)
    assert full["Content-Type"] == "image/jpeg" and full["Content-Length"] == str(kept.size)
    assert full["X-Content-Type-Options"] == "nosniff" and full["Cache-Control"] == "private, no-cache"
    assert full["Content-Disposition"] == f'inline; filename="photo-{kept.key[:8]}.jpg"'
    assert full["Content-Security-Policy"] == "default-src 'none'; sandbox" and full["Vary"] == "Cookie"
    assert full["ETag"] != small["ETag"]

    head = ask(kept.key, method="head")
    assert head.content == b"" and head["Content-Length"] == str(kept.size) and head["ETag"] == full["ETag"]
    again = ask(kept.key, **{"If-None-Match": full["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", full["ETag"])
    assert ask(kept.key, **{"If-None-Match": small["ETag"]}).status_code == 200
    assert ask(kept.key, method="post").status_code == 405


def test_a_picture_whose_bytes_are_gone_is_missing() -> None:
    kept = taken()
    store.remove(kept.key)
    with pytest.raises(Missing):
        ask(kept.key)


@pytest.mark.parametrize(
    "path",
    [
        "/photos/../secret/full.jpg",
        f"/photos/{'0' * 32}/original.jpg",
        f"/photos/{'G' * 32}/full.jpg",
        "/photos/1/full.jpg",
    ],
)
def test_other_addresses_lead_nowhere(path: str) -> None:
    try:
        assert resolve(path).app_name != "files"
    except Resolver404:
        pass


def test_a_large_body_is_cut_on_the_wire() -> None:
    seen = {}

    def view(request: HttpRequest) -> HttpResponseBase:
        seen["size"], seen["after"] = request.FILES["photo"].size, request.POST.get("after")
        with pytest.raises(Invalid) as refusal:
            actions.accept_upload(actor=RESIDENT, stream=request.FILES["photo"], name="big.jpg")
        assert refusal.value.code == "too_large"
        return web.HttpResponse("")

    big = SimpleUploadedFile("big.jpg", b"\xff\xd8\xff" + b"\0" * (40 * 1024 * 1024), "image/jpeg")
    request = RequestFactory().post("/photos/", {"photo": big, "after": "still read"})
    request._dont_enforce_csrf_checks = True
    intake.photos_only(view)(request)
    assert seen == {"size": images.MAX_BYTES + 1, "after": "still read"}


def test_taking_a_draft_in_over_http() -> None:
    client = Client()
    answer = client.post(
        reverse("files:add_photo"), {"photo": SimpleUploadedFile("../a.exe", pictures.with_position())}
    )
    assert answer.status_code == 201, answer.content
    said = json.loads(answer.content)
    kept = Upload.objects.get()
    assert said["key"] == kept.key and kept.subject == "" and kept.created_by == "resident"
    shown = client.get(said["small_url"])
    assert shown.status_code == 200 and shown["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert client.head(said["url"]).status_code == 200
    assert client.get(reverse("files:photo", args=["0" * 32, "full"])).status_code == 404
    assert client.get(reverse("files:add_photo")).status_code == 405
    assert Client(enforce_csrf_checks=True).post(reverse("files:add_photo"), {}).status_code == 403
