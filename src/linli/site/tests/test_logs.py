"""Log lines: JSON, a request id, nothing personal."""

from __future__ import annotations

import json
import logging
import sys

from django.test import RequestFactory

from linli.site import logs


def line(record: logging.LogRecord) -> dict:
    return json.loads(logs.JsonFormatter().format(record))


def record(message: str, *args: object, exc: bool = False, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("linli.test", logging.INFO, __file__, 1, message, args, sys.exc_info() if exc else None)
    made.__dict__.update(extra)
    return made


def test_numbers_of_people_are_taken_out():
    said = line(record("call %s or +8613912345678, id 11010219900307123X, case 202611220001", "13800138000", matter=5))
    assert said["message"] == "call […] or […], id […], case 202611220001"
    assert said["matter"] == 5
    assert said["level"] == "info"


def test_an_exception_is_its_type_and_places():
    try:
        raise ValueError("Key (phone)=(13800138000) already exists; 张三")
    except ValueError:
        said = line(record("failed", exc=True))
    text = json.dumps(said, ensure_ascii=False)
    assert said["error"] == "ValueError"
    assert any("test_logs.py" in place for place in said["trace"])
    assert "张三" not in text
    assert "1380013" not in text


def test_a_path_is_its_route():
    request = RequestFactory().get("/follow/secret-of-a-resident/")
    said = line(record("Not Found: %s", "/follow/secret-of-a-resident/", request=request, status_code=404))
    assert "secret" not in json.dumps(said)
    assert (said["message"], said["status"], said["route"]) == ("Not Found", 404, "-")


def test_the_request_id_stands_in_the_line():
    token = logs.request_id.set("abc12345")
    try:
        assert line(record("x"))["request"] == "abc12345"
    finally:
        logs.request_id.reset(token)
