"""The settings page: who may open it, preview before confirm, what bad lines and stale pages get."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from linli.accounts.models import Account
from linli.core.actor import SYSTEM
from linli.jobs.models import Job
from linli.testing import cast
from linli.worktime import queries
from linli.worktime.models import Revision

pytestmark = pytest.mark.django_db
PAGE = "/settings/calendar/"
LIST = "2027-01-01 至 2027-01-03，元旦，放假\n2027-02-20，春节，上班\n"


@pytest.fixture
def sign_in(client: Client) -> Callable[[str], Client]:
    cast.load_pack_bodies(actor=SYSTEM)
    cast.create_cast(actor=SYSTEM, passwords=False, demonstration=False)

    def enter(username: str) -> Client:
        client.force_login(Account.objects.get(username=username), backend="django.contrib.auth.backends.ModelBackend")
        return client

    return enter


def test_only_administrators_open_it(sign_in: Callable[[str], Client], client: Client) -> None:
    assert client.get(PAGE).status_code == 302
    assert sign_in("dispatcher").get(PAGE).status_code == 403
    assert sign_in("dispatcher").post(PAGE + "enter/", {"year": 2027, "text": LIST, "expected": 0}).status_code == 403
    assert Revision.objects.count() == 0


def test_a_year_is_shown_with_words(sign_in: Callable[[str], Client]) -> None:
    text = sign_in("administrator").get(PAGE + "?year=2026").content.decode()
    assert text.count('<table class="month">') == 12
    assert "待官方通知 3 天" in text and "工作日 248 天" in text
    assert "<b>休</b>" in text and "<b>班</b>" in text
    for odd in ("abc", "1900", "9999", "２０２７", ""):
        assert sign_in("administrator").get(PAGE, {"year": odd}).status_code == 200


def test_preview_then_confirm_then_undo(sign_in: Callable[[str], Client]) -> None:
    web = sign_in("administrator")
    upload = SimpleUploadedFile("2027.csv", LIST.encode("gb18030"))
    seen = web.post(PAGE + "preview/", {"year": 2027, "file": upload}).content.decode()
    assert "共 4 天" in seen and "没有列为放假" in seen and Revision.objects.count() == 0
    answer = web.post(PAGE + "enter/", {"year": 2027, "text": LIST.replace("\n", "\r\n"), "expected": 0})
    job = Job.objects.get()
    assert answer.status_code == 302 and str(job.pk) in answer.headers["Location"]
    assert queries.calendar().last_official.year == 2027
    assert "录入年份 2027" in web.get(PAGE).content.decode()
    stale = web.post(PAGE + "enter/", {"year": 2027, "text": LIST, "expected": 0})
    assert stale.status_code == 409
    assert web.post(PAGE + "restore/", {"expected": 1}).status_code == 302
    assert queries.calendar().last_official.year == 2026


def test_bad_lines_are_listed_and_kept_for_mending(sign_in: Callable[[str], Client]) -> None:
    web = sign_in("administrator")
    for path in ("preview/", "enter/"):
        answer = web.post(PAGE + path, {"year": 2027, "text": LIST + "胡写\n", "expected": 0})
        text = answer.content.decode()
        assert answer.status_code == 422
        assert "第 3 行" in text and "胡写" in text and "<title>错误：" in text
    empty = web.post(PAGE + "preview/", {"year": 2027, "text": " "})
    assert empty.status_code == 422 and "请粘贴安排" in empty.content.decode()
    assert Revision.objects.count() == 0


def test_a_page_without_its_revision_is_refused(sign_in: Callable[[str], Client]) -> None:
    for odd in ("", "-1", "x", "１"):
        answer = sign_in("administrator").post(PAGE + "enter/", {"year": 2027, "text": LIST, "expected": odd})
        assert answer.status_code == 422
    assert Revision.objects.count() == 0


def test_hours_form(sign_in: Callable[[str], Client]) -> None:
    web = sign_in("administrator")
    good = {"spans": "08:30-11:30 13:00-17:30", "valid_from": "2027-01-01", "expected": 0}
    assert web.post(PAGE + "hours/", {**good, "spans": "9点到5点"}).status_code == 422
    assert web.post(PAGE + "hours/", {**good, "valid_from": "never"}).status_code == 422
    assert web.post(PAGE + "hours/", good).status_code == 302
    assert "08:30–11:30" in web.get(PAGE).content.decode()


def test_trying_a_limit_shows_its_arithmetic(sign_in: Callable[[str], Client]) -> None:
    web = sign_in("administrator")
    found = web.get(PAGE, {"amount": "4", "unit": "working_hour", "start": "2026-02-13T16:30"}).content.decode()
    assert "到 2026-02-14 11:30（星期六）截止。" in found
    beyond = web.get(PAGE, {"amount": "9000", "unit": "working_day", "start": "2026-02-13T16:30"})
    assert beyond.status_code == 422 and "工作日历只有" in beyond.content.decode()
    assert web.get(PAGE, {"amount": "x", "unit": "year", "start": "soon"}).status_code == 422
