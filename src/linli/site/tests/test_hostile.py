"""Bodies without end, signatures in strange scripts, addresses that lead elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from linli.core.errors import TooMany
from linli.site import live, refusals, throttle


@pytest.mark.django_db
def test_a_body_larger_than_anything_we_take_is_not_read() -> None:
    class Endless:
        def read(self, *_size: int) -> bytes:
            raise AssertionError("the body was read")

        readline = read

    endless: dict[str, Any] = {"wsgi.input": Endless(), "CONTENT_LENGTH": str(2**31)}
    for path in ("/login/", "/language/", "/live/", "/api/v1/cases"):
        answer = Client().post(path, content_type="multipart/form-data; boundary=x", **endless)
        assert answer.status_code == 413, path
    assert settings.DATA_UPLOAD_MAX_NUMBER_FILES <= 20


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["a|b|1|é", "查|询|1|码", "|||", "a|b|x|y", "\x00|||"])
def test_a_token_in_any_script_is_just_wrong(token: str) -> None:
    assert live.read_token(token) is None
    assert Client().get("/live/", {"after": "0", "token": token}).status_code == 403


def test_the_way_back_stays_here() -> None:
    request = RequestFactory().get("/x", headers={"referer": "http://testserver//elsewhere.example/a?b=1"})
    assert refusals._came_from(request) == "/elsewhere.example/a?b=1"


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1.elsewhere.example", "a b", "%%"])
def test_a_strange_host_is_refused_and_not_a_failure(host: str) -> None:
    answer = Client(raise_request_exception=False).get("/", headers={"host": host, "accept": "text/html"})
    assert answer.status_code == 400 and host.encode() not in answer.content


@pytest.mark.django_db
def test_looking_at_a_limit_uses_nothing_of_it() -> None:
    for _n in range(5):
        throttle.look("t:look", limit=2, per_s=3600)
    throttle.take("t:look", limit=2, per_s=3600)
    throttle.look("t:look", limit=2, per_s=3600)
    throttle.take("t:look", limit=2, per_s=3600)
    with pytest.raises(TooMany):
        throttle.look("t:look", limit=2, per_s=3600)
