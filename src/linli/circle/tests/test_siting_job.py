"""The planner's search as a job: asked for, worked out, read by whoever asked alone, stopped, and not too often."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from linli.circle import jobs as work
from linli.circle import revision
from linli.circle.choices import Aim
from linli.circle.models import Home
from linli.circle.queries import reach, siting
from linli.jobs import worker
from linli.jobs.models import Job
from linli.site.models import Bucket

from .test_planning import METRE_LAT, SUPER, cross  # noqa: F401  (the fixture)

pytestmark = pytest.mark.django_db(transaction=True)
ASK = "/circle/planner/site.json"


def ask(client: Client, **change: Any) -> Any:
    body = {"item": SUPER, "pace": "child", "n": 1, "aim": Aim.MOST, "edits": [], **change}
    return client.post(ASK, json.dumps(body), content_type="application/json")


@pytest.fixture
def planner(cross: Any, district: Any) -> Client:  # noqa: F811
    return district.client("planner")  # type: ignore[no-any-return]


def test_the_answer_comes_from_the_job_and_says_the_proof(planner: Client) -> None:
    begun = ask(planner).json()
    assert begun["open"] and begun["state"] == "queued" and "chosen" not in begun and begun["said"]
    assert planner.get(begun["poll"]).json()["open"]
    assert worker.run_until_empty() == 1
    found = planner.get(begun["poll"])
    assert found.headers["Cache-Control"].find("no-cache") >= 0
    answer = found.json()
    assert answer["state"] == "done" and not answer["open"] and answer["proven"] and answer["gained"] > 0
    assert "已证明是最优" in answer["said"] and len(answer["chosen"]) == 1
    at = answer["chosen"][0]
    assert any(abs(h.lon - at["lon"]) < 1e-5 and abs(h.lat - at["lat"]) < 1e-5 for h in Home.objects.all())
    edit = {"kind": "add", "items": [SUPER], "name": "名字不进后台", **at}
    again = ask(planner, edits=[edit]).json()
    assert "名字不进后台" not in json.dumps(
        Job.objects.get(pk=again["poll"].split("/")[-1][:-5]).params, ensure_ascii=False
    )
    worker.run_until_empty()
    assert planner.get(again["poll"]).json()["gained"] < answer["gained"]  # what the edit reaches is reached already


def test_what_is_refused_is_refused_before_any_work_begins(planner: Client, district: Any) -> None:
    for change, status in (({"n": 0}, 422), ({"n": 21}, 422), ({"aim": "wish"}, 422), ({"item": "999999"}, 404)):
        assert ask(planner, **change).status_code == status
    assert ask(district.client("auditor")).status_code == 403
    assert not Job.objects.exists()


def test_a_refusal_of_the_work_is_read_in_its_words(planner: Client) -> None:
    begun = ask(planner).json()
    Home.objects.all().delete()
    revision.bump()
    worker.run_until_empty()
    answer = planner.get(begun["poll"]).json()
    assert answer["state"] == "failed" and "还没有居住区数据" in answer["said"] and "chosen" not in answer


def test_only_who_asked_reads_it_and_stops_it(planner: Client, district: Any) -> None:
    begun = ask(planner).json()
    other = district.client("dispatcher")
    assert other.get(begun["poll"]).status_code in {403, 404} and other.post(begun["stop"]).status_code in {403, 404}
    stopped = planner.post(begun["stop"]).json()
    assert stopped["state"] == "cancelled" and not stopped["open"] and stopped["said"] == "已停止选址。"
    assert planner.post(begun["stop"]).json()["state"] == "cancelled"  # twice is no fault
    worker.run_until_empty()
    assert planner.get(begun["poll"]).json()["state"] == "cancelled"


def test_a_job_of_another_kind_is_not_read_here(planner: Client) -> None:
    begun = ask(planner).json()
    job = Job.objects.get()
    Job.objects.filter(pk=job.pk).update(kind=work.KIND)
    assert planner.get(begun["poll"]).status_code == 404 and planner.post(begun["stop"]).status_code == 404
    assert Job.objects.get().state == "queued"


def test_asking_again_and_again_is_stopped(planner: Client) -> None:
    assert ask(planner).status_code == 200
    key = Bucket.objects.get(key__startswith="siting:", key__endswith="/60").key
    Bucket.objects.filter(key=key).update(taken=10)
    refused = ask(planner)
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0
    assert Job.objects.count() == 1


def test_work_that_was_told_to_stop_stops_at_its_next_step(planner: Client, monkeypatch: Any) -> None:
    begun, real = ask(planner).json(), reach.feet_of

    def meanwhile(*args: Any, **more: Any) -> Any:
        Job.objects.update(cancel_requested=True)
        return real(*args, **more)

    monkeypatch.setattr(siting, "feet_of", meanwhile)
    monkeypatch.setattr("linli.jobs.runner.WRITE_EVERY_S", 0.0)
    worker.run_until_empty()
    assert planner.get(begun["poll"]).json()["state"] == "cancelled"
