"""Drafts on a device: typed words survive a reload, what is sent offline goes exactly once, what is old format or old goes right."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import PHONE, Visitor

ROWS = """() => new Promise((done) => {
  const asked = indexedDB.open('linli-drafts');
  asked.onupgradeneeded = () => { asked.transaction.abort(); };
  asked.onerror = () => done([]);
  asked.onsuccess = () => { const r = asked.result.transaction('drafts').objectStore('drafts').getAll(); r.onsuccess = () => { asked.result.close(); done(r.result.map(({files, ...row}) => ({...row, files: (files || []).length}))); }; };
})"""
# The two boxes as the releases before wrote them.
SEED = """({name, index, rows}) => new Promise((done, failed) => {
  const asked = indexedDB.open(name, 1);
  asked.onupgradeneeded = () => { const s = asked.result.createObjectStore('drafts', {keyPath: 'key'}); if (index) s.createIndex('room', 'room'); };
  asked.onerror = () => failed(asked.error);
  asked.onsuccess = () => { const t = asked.result.transaction('drafts', 'readwrite'); for (const row of rows) { if (row.photos) row.files = [new File([Uint8Array.from(atob(row.photos), (c) => c.charCodeAt(0))], 'a.jpg', {type: 'image/jpeg'})]; delete row.photos; t.objectStore('drafts').put(row); } t.oncomplete = () => { asked.result.close(); done(); }; };
})"""
SENDS = re.compile(r"/(field|report)/send$")
WEEK_MS = 7 * 86_400_000


@pytest.fixture
def photo(tmp_path: Path) -> str:
    from PIL import Image

    Image.new("RGB", (640, 480), (120, 90, 60)).save(tmp_path / "garbage.jpg")
    return str(tmp_path / "garbage.jpg")


def rows(visitor: Visitor) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = visitor.page.evaluate(ROWS)
    return found


def answers(visitor: Visitor) -> list[dict[str, Any]]:
    """What the server answers to each draft from now on, in order."""
    got: list[dict[str, Any]] = []
    visitor.page.on("response", lambda r: got.append(r.json()) if SENDS.search(r.url) and r.status == 201 else None)
    return got


def wait_for_rows(visitor: Visitor, states: list[str]) -> list[dict[str, Any]]:
    for _ in range(100):
        found = rows(visitor)
        if sorted(r["state"] for r in found) == sorted(states):
            return found
        visitor.page.wait_for_timeout(100)
    raise AssertionError((states, rows(visitor)))


def field_page(visit: Callable[..., Visitor], **more: Any) -> Visitor:
    visitor = visit("grid-niujie", size=PHONE, **more)
    visitor.go("/field/")
    visitor.page.wait_for_function("() => navigator.serviceWorker.ready.then(() => true)")
    return visitor


def write_in_the_field(visitor: Visitor, words: str, photo: str) -> None:
    page = visitor.page
    page.locator("label", has_text="道路保洁").first.click() if page.locator(
        "label", has_text="道路保洁"
    ).count() else page.locator("[name=class_pick]").first.check(force=True)
    page.fill("#id_place_q", "牛街西里")
    page.fill("#id_description", words)
    page.set_input_files("[data-shoot] >> nth=1", [photo])


def test_what_is_typed_in_the_field_survives_a_reload(visit: Callable[..., Visitor], photo: str) -> None:
    visitor = field_page(visit)
    write_in_the_field(visitor, "写到一半", photo)
    wait_for_rows(visitor, ["typing"])
    visitor.page.reload()
    visitor.page.wait_for_selector("[data-thumbs] img")
    assert visitor.page.input_value("#id_description") == "写到一半"
    assert visitor.page.input_value("#id_place_q") == "牛街西里"
    assert visitor.page.locator("[name=class_pick]:checked").count() == 1
    assert visitor.page.is_hidden("[data-drafts]"), "what is only typed waits for nothing"
    # A colleague who opens the page anew in another tab is not shown it.
    other = visitor.context.new_page()
    other.goto(visitor.address + "/field/")
    other.wait_for_timeout(500)
    assert other.input_value("#id_description") == ""


def test_a_field_draft_waits_offline_and_goes_exactly_once(visit: Callable[..., Visitor], photo: str) -> None:
    visitor = field_page(visit)
    page, got = visitor.page, answers(visitor)
    visitor.context.set_offline(True)
    write_in_the_field(visitor, "没有网络时巡查所见", photo)
    page.click("button.send")
    page.wait_for_selector("[data-drafts-list] li")
    assert page.inner_text("[data-drafts-count]").startswith("1 ")
    assert page.input_value("#id_description") == "", "the form is free for the next one"
    [kept] = wait_for_rows(visitor, ["waiting"])
    assert kept["files"] == 1 and WEEK_MS - 60_000 < kept["until"] - kept["at"] <= WEEK_MS
    page.reload()  # the service worker answers
    page.wait_for_selector("[data-drafts-list] li")
    visitor.context.set_offline(False)
    page.evaluate("() => { for (let i = 0; i < 4; i++) dispatchEvent(new Event('online')) }")
    page.wait_for_selector("[data-result] a.num")
    wait_for_rows(visitor, [])
    page.wait_for_timeout(300)
    assert page.is_hidden("[data-drafts]") and page.locator("[data-result] a.num").count() == 1
    assert len(got) == 1 and got[0]["repeated"] is False
    page.click("[data-result] a.num")
    page.wait_for_selector("[data-lightbox]")
    assert "没有网络时巡查所见" in page.inner_text("main")


@pytest.mark.parametrize("who", ["field", "report"])
def test_an_answer_that_is_lost_makes_no_second_case(visit: Callable[..., Visitor], who: str) -> None:
    """The server takes the draft, the network dies before the answer: sent again, answered with the first receipt."""
    visitor = field_page(visit) if who == "field" else visit(size=PHONE)
    if who == "report":
        visitor.go("/report/offline/")
    numbers: list[str] = []

    def lose(route: Any) -> None:
        answer = route.fetch()
        numbers.append(answer.json()["number"])
        route.abort() if len(numbers) == 1 else route.fulfill(response=answer)

    page = visitor.page
    page.route(SENDS, lose)
    if who == "field":
        page.locator("[name=class_pick]").first.check(force=True)
        page.fill("#id_place_q", "牛街西里")
        page.fill("#id_description", "回执丢在路上")
        page.click("button.send")
    else:
        page.select_option("#id_division", "110102018")
        page.select_option("#id_class_code", "0102")
        page.fill("#id_description", "回执丢在路上")
        page.click(".dock button")
    wait_for_rows(visitor, ["waiting"])
    page.evaluate("() => dispatchEvent(new Event('online'))")
    wait_for_rows(visitor, [] if who == "field" else ["sent"])
    assert len(numbers) == 2 and numbers[0] == numbers[1]


def test_the_steps_of_a_report_survive_a_reload(visit: Callable[..., Visitor], photo: str) -> None:
    visitor = visit(size=PHONE)
    page = visitor.page
    visitor.go("/report/")
    visitor.choose("#id_q", "牛街西里")
    page.wait_for_function("() => document.getElementById('report').elements.lon.value")
    page.click(".dock button[value=next]")
    page.wait_for_selector("#id_description")
    page.fill("#id_description", "写了很久的一段话")
    page.locator("[data-chips] label").first.click()
    page.set_input_files("[data-photo-input]", [photo])
    page.wait_for_selector(".photo:not(.busy) [name=photo]", state="attached")
    for _ in range(50):
        if any(r.get("photo") and r["fields"].get("description") for r in rows(visitor)):
            break
        page.wait_for_timeout(100)
    page.reload()
    page.wait_for_selector(".photo img")
    assert page.input_value("#id_description") == "写了很久的一段话"
    assert page.locator("[name=class_code]:checked").count() == 1
    page.click(".dock button[value=next]")
    page.click(".dock button[value=send]")
    page.wait_for_selector(".receipt")
    assert page.locator(".thumbs img").count() == 1
    wait_for_rows(visitor, [])  # it arrived by the ordinary way: nothing of it stays on the machine
    visitor.go("/report/")
    assert page.is_hidden("[data-unsent]")


def test_drafts_of_the_releases_before_are_brought_over_and_sent(visit: Callable[..., Visitor], photo: str) -> None:
    """Both old boxes, one waiting and one to be looked at in each; weeks old, and still none is lost."""
    import base64

    picture = base64.b64encode(Path(photo).read_bytes()).decode()
    visitor = visit("grid-niujie", size=PHONE)
    visitor.go("/report/offline/")
    token = visitor.page.get_attribute("#offline", "data-token")
    consent = visitor.page.get_attribute("#offline", "data-consent")
    visitor.go("/healthz")  # a page without our scripts
    said = {"division": "110102018", "class_code": "0102", "consent": consent}
    long_ago = visitor.page.evaluate("Date.now()") - 20 * 86_400_000
    mine = {"class_pick": "0104", "place_q": "牛街西里", "lon": "", "lat": ""}
    visitor.page.evaluate(SEED, {"name": "linli", "index": False, "rows": [
        {"key": str(uuid.uuid4()), "fields": {**said, "description": "旧版居民草稿"}, "photo": [], "photos": picture, "token": token, "at": long_ago, "state": "waiting", "problem": []},
        {"key": str(uuid.uuid4()), "fields": {**said, "description": "旧版要看的"}, "photo": [], "files": [], "token": token, "at": long_ago, "state": "look", "problem": ["请写得具体些。"], "said": {"description": ["请写得具体些。"]}},
        {"key": str(uuid.uuid4()), "state": "sent", "number": "261122-000001-7", "url": "/follow/", "at": long_ago, "fields": {}},
    ]})  # fmt: skip
    visitor.page.evaluate(SEED, {"name": "linli-drafts", "index": True, "rows": [
        {"key": str(uuid.uuid4()), "room": "field", "fields": {**mine, "description": "旧版网格草稿"}, "photos": picture, "label": "道路", "at": long_ago, "state": "waiting", "problem": None},
        {"key": str(uuid.uuid4()), "room": "field", "fields": {**mine, "description": "旧版网格要看"}, "files": [], "label": "道路", "at": long_ago, "state": "look", "problem": {"message": "请选择地点。", "fields": {}}},
    ]})  # fmt: skip
    got = answers(visitor)
    visitor.go("/report/offline/")
    visitor.page.wait_for_selector("[data-unsent] a.num >> nth=1")
    assert "请写得具体些。" in visitor.page.inner_text("[data-draft-list]")
    visitor.go("/field/")
    visitor.page.wait_for_selector("[data-result] a.num")
    assert "请选择地点。" in visitor.page.inner_text("[data-drafts-list]")
    wait_for_rows(visitor, ["look", "look", "sent", "sent"])
    assert [a["repeated"] for a in got] == [False, False]
    visitor.page.click("[data-result] a.num")
    visitor.page.wait_for_selector("[data-lightbox]")
    left = visitor.page.evaluate(ROWS.replace("'linli-drafts'", "'linli'"))
    assert left == [], "what was brought over does not wait twice"


def test_a_draft_left_on_a_shared_machine_goes_by_itself(visit: Callable[..., Visitor]) -> None:
    visitor = visit(size=PHONE)
    visitor.go("/healthz")
    now = visitor.page.evaluate("Date.now()")
    old = {
        "room": "report",
        "format": 2,
        "files": [],
        "photo": [],
        "owner": "",
        "problem": None,
        "token": "",
        "label": "忘在这里",
    }
    visitor.page.evaluate(SEED, {"name": "linli-drafts", "index": True, "rows": [
        {**old, "key": "a", "state": "waiting", "fields": {"description": "忘在这里"}, "at": now - 2 * WEEK_MS, "until": now - 1},
        {**old, "key": "b", "state": "look", "fields": {"description": "还在"}, "label": "还在", "at": now, "until": now + WEEK_MS},
    ]})  # fmt: skip
    got: list[str] = []
    visitor.page.on("request", lambda r: got.append(r.url) if SENDS.search(r.url) else None)
    visitor.go("/report/offline/")
    visitor.page.wait_for_selector("[data-draft-list] li")
    assert "还在" in visitor.page.inner_text("[data-draft-list]")
    assert "后自动删除" in visitor.page.inner_text("[data-draft-list]"), "the page says until when it is kept"
    assert [r["key"] for r in rows(visitor)] == ["b"] and not got


def test_a_colleagues_draft_is_neither_shown_nor_sent(visit: Callable[..., Visitor]) -> None:
    """A phone is passed on: what one grid worker left waits for that worker, and is not reported in another's name."""
    visitor = field_page(visit)
    page = visitor.page
    visitor.context.set_offline(True)
    page.locator("[name=class_pick]").first.check(force=True)
    page.fill("#id_place_q", "牛街西里")
    page.fill("#id_description", "同事写的")
    page.click("button.send")
    [kept] = wait_for_rows(visitor, ["waiting"])
    assert re.fullmatch(r"[0-9a-f]{16}", kept["owner"])
    page.evaluate("""() => new Promise((done) => { const a = indexedDB.open('linli-drafts'); a.onsuccess = () => {
      const t = a.result.transaction('drafts', 'readwrite'), s = t.objectStore('drafts');
      s.getAll().onsuccess = ({target}) => { for (const row of target.result) s.put({...row, owner: '0123456789abcdef'}); };
      t.oncomplete = () => { a.result.close(); done(); }; }; })""")
    visitor.context.set_offline(False)
    got = answers(visitor)
    page.reload()
    page.wait_for_selector("[data-drafts-list] li")
    page.evaluate("() => dispatchEvent(new Event('online'))")
    page.wait_for_timeout(600)
    assert page.is_hidden("[data-send-now]")
    assert not got and json.dumps(rows(visitor)).count("waiting") == 1
    text = page.inner_text("[data-drafts]")
    assert "本人登录后才会发送" in text and "同事写的" not in text
    assert page.is_hidden("[data-drafts-list] [data-open]") and page.is_hidden("[data-drafts-list] [data-remove]")
