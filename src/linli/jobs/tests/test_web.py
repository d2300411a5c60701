"""The page of a job: renews itself only while there is something to wait for, and can be stopped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, RequestFactory

from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM, Actor
from linli.core.errors import Missing
from linli.jobs import actions, web, worker

from . import sample  # noqa: F401  registers the kinds

pytestmark = pytest.mark.django_db
ME = Actor("person", 1, "周岚")


def page(actor: Actor, job_id: Any, **headers: str) -> str:
    request = RequestFactory().get(f"/jobs/{job_id}/", headers=headers)
    request.actor = actor  # type: ignore[attr-defined]
    return web.job(request, job_id).content.decode()


def test_anonymous_goes_to_the_login_page(client: Client) -> None:
    job = actions.start("test.count", actor=ME, params={"to": 2})
    for path in (f"/jobs/{job.pk}/", "/jobs/"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert "/login/" in answer.headers["Location"]
    assert client.post(f"/jobs/{job.pk}/cancel/").status_code == 302
    job.refresh_from_db()
    assert job.state == "queued"


def test_somebody_elses_job_is_not_there() -> None:
    job = actions.start("test.count", actor=ME, params={"to": 2})
    with pytest.raises(Missing):
        page(Actor("person", 2, "吴涛"), job.pk)
    assert RESIDENT.id is None


def test_the_page_polls_only_while_open() -> None:
    job = actions.start("test.count", actor=ME, params={"to": 2}, return_url="/settings/calendar/")
    waiting = page(ME, job.pk, hx_request="true")
    assert "hx-trigger" in waiting and "停止" in waiting and "排队中" in waiting and "<html" not in waiting
    held = actions.claim(str(job.pk), worker="w")
    assert held
    actions.progress(held, 1, 2)
    running = page(ME, job.pk, hx_request="true")
    assert 'value="50"' in running and "1 / 2" in running
    actions.finish(held, "done")  # type: ignore[arg-type]
    ended = page(ME, job.pk, hx_request="true")
    assert "hx-trigger" not in ended and "停止" not in ended and "已完成" in ended and "/settings/calendar/" in ended


def test_the_page_tells_of_failure_loss_and_a_missing_worker() -> None:
    refused = actions.start("test.refuse", actor=ME)
    worker.run_until_empty()
    assert "合计不对" in page(ME, refused.pk, hx_request="true")
    lost = actions.start("test.once", actor=ME, params={"to": 2})
    queued = actions.start("test.once", actor=ME, params={"to": 2})
    actions.claim(str(lost.pk), worker="dead")
    with clock.at(clock.now() + timedelta(minutes=2), actor=SYSTEM):
        gone = page(ME, lost.pk, hx_request="true")
        assert "已中断" in gone and str(lost.pk) in gone and "hx-trigger" not in gone
        assert "后台进程没有在运行" in page(ME, queued.pk, hx_request="true")
