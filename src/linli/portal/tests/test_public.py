"""What the public sees, and how many queries a page may cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from linli.core import clock
from linli.core.actor import RESIDENT, SYSTEM
from linli.response import actions
from linli.response.actions import Receipt, Report, Step
from linli.response.models import Case
from linli.testing.fixtures import Cast
from linli.vault import queries as vault
from linli.vault.models import Contact

from .resident import SPOT

SECRET = "我家在三单元，电话写在门上"


def reported(**more: Any) -> Receipt:
    said = {"channel": "web", "class_code": "0102", "lon": SPOT[0], "lat": SPOT[1], "description": SECRET} | more
    return actions.report_case(actor=RESIDENT, report=Report(**said))


def closed(cast: Cast, receipt: Receipt) -> Case:
    """Through the whole chain, by the people whose work it is."""
    case = Case.objects.select_related("matter").get(pk=receipt.matter_id)

    def step(who: str, verb: str, **more: Any) -> None:
        case.refresh_from_db()
        case.matter.refresh_from_db()
        actions.move_case(actor=cast.actor(who), case=case, step=Step(verb, case.matter.version, **more))

    body = cast.actor("grid-niujie").posts[0].body_id
    step("operator", "accept")
    step("dispatcher", "dispatch", body_id=body)
    step("grid-niujie", "sign")
    step("grid-niujie", "feed_back", text="工作人员写的内部说明")
    step("verifier", "pass")
    step("verifier", "close")
    case.matter.refresh_from_db()
    return case


@pytest.fixture
def client(district: Cast) -> Client:
    return Client()


def test_the_public_sees_the_grid_and_nothing_personal(client: Client) -> None:
    receipt = reported(phone="13812345678", consent=vault.consent_for("case_contact").version, address="三单元 502")
    for path in ("/", "/matters/", f"/matters/{receipt.number}/"):
        text = client.get(path).content.decode()
        assert receipt.number in text or path == "/"
        for secret in (SECRET, "13812345678", "502", str(SPOT[0]), str(SPOT[1])):
            assert secret not in text


def test_nearby_is_measured_from_the_grid_so_that_no_position_leaks(client: Client) -> None:
    receipt = reported()
    case = Case.objects.get(pk=receipt.matter_id)
    at = client.get("/report/here", {"lon": case.lon, "lat": case.lat}).json()
    assert len(at["marks"]) == 1
    assert (at["marks"][0]["lon"], at["marks"][0]["lat"]) != (case.lon, case.lat)
    Case.objects.filter(pk=case.pk).update(lon=case.lon + 0.0003)  # elsewhere in the same cell: nothing may change
    assert client.get("/report/here", {"lon": case.lon, "lat": case.lat}).json() == at


def test_dwellings_are_shown_a_day_later_by_community_and_never_nearby(client: Client) -> None:
    with clock.at(clock.now() - timedelta(hours=30), actor=SYSTEM):
        old = reported(class_code="2105")
    fresh = reported(class_code="2105")
    assert client.get(f"/matters/{fresh.number}/").status_code == 404
    page = client.get(f"/matters/{old.number}/").content.decode()
    assert "位置只精确到社区" in page
    text = client.get("/matters/").content.decode()
    assert old.number in text and fresh.number not in text
    assert client.get("/report/here", {"lon": SPOT[0], "lat": SPOT[1]}).json()["marks"] == []


def test_filters_live_in_the_address_and_pages_go_by_key(client: Client) -> None:
    receipts = [reported(class_code="0102" if n % 2 else "0301") for n in range(63)]
    page = client.get("/matters/").content.decode()
    assert page.count("data-matter=") == 60 and "after=" in page
    after = receipts[3].matter_id
    assert client.get("/matters/", {"after": after}).content.decode().count("data-matter=") == 3
    assert "data-matter=" not in client.get("/matters/", {"subdistrict": "110102010"}).content.decode()
    assert client.get("/matters/", {"top": "03"}).content.decode().count("data-matter=") == 32
    assert "data-matter=" not in client.get("/matters/", {"state": "closed"}).content.decode()
    for odd in ({"days": "x"}, {"after": "-1"}, {"after": "9" * 40}, {"top": "<b>"}, {"state": "\0"}):
        assert client.get("/matters/", odd).status_code == 200


@pytest.mark.parametrize("number", ["1", "261122-000001-1", "%00", "..", "9" * 60, "<script>"])
def test_numbers_that_are_none_are_not_found(client: Client, number: str) -> None:
    assert client.get(f"/matters/{number}/").status_code == 404
    assert client.get(f"/follow/{number}/AAAAAAAAAA/").status_code == 404


# --- the private page -----------------------------------------------------------------------------------------
def test_number_and_code_open_the_page_and_wrong_ones_answer_alike(client: Client) -> None:
    receipt = reported()
    ok = client.post("/follow/", {"number": receipt.number.replace("-", " "), "code": receipt.code.lower()})
    assert ok.status_code == 302 and ok["Location"] == f"/follow/{receipt.number}/{receipt.code}/"
    wrong = [
        client.post("/follow/", {"number": receipt.number, "code": "AAAAAAAAAA"}),
        client.post("/follow/", {"number": "261122-000999-9", "code": receipt.code}),
    ]
    errors = {tuple(map(str, r.context["form"].errors["number"])) for r in wrong}
    assert [r.status_code for r in wrong] == [422, 422] and len(errors) == 1


def test_guessing_is_slowed_down(client: Client, settings: Any) -> None:
    settings.PORTAL_LIMITS = settings.PORTAL_LIMITS | {"follow": [[3, 600]]}
    receipt = reported()
    codes = [client.get(f"/follow/{receipt.number}/AAAAAAAAA{n}/").status_code for n in range(2, 7)]
    assert codes == [404, 404, 404, 429, 429]


def test_the_reporter_reads_plain_words_and_no_text_of_staff(client: Client, district: Cast) -> None:
    receipt = reported()
    closed(district, receipt)
    page = client.get(f"/follow/{receipt.number}/{receipt.code}/").content.decode()
    assert SECRET in page and "请您评价" in page and "核查通过" in page
    assert "工作人员写的内部说明" not in page and "演示" not in page.split("办理经过")[1]
    public = client.get(f"/matters/{receipt.number}/").content.decode()
    assert SECRET not in public and "工作人员写的内部说明" not in public


def test_the_reporter_answers_once_and_a_second_answer_is_told(client: Client, district: Cast) -> None:
    receipt = reported()
    case = closed(district, receipt)
    path = f"/follow/{receipt.number}/{receipt.code}/answer"
    said = {"version": case.matter.version, "outcome": "solved", "satisfaction": "satisfied"}
    assert client.post(path, {"version": case.matter.version}).status_code == 422
    assert client.post(path, said).status_code == 302
    case.refresh_from_db()
    assert (case.outcome, case.satisfaction, case.matter.stage) == (
        "solved",
        "satisfied",
        "closed",
    ) or case.outcome == "solved"
    again = client.post(path, said)
    assert again.status_code == 409 and "刚被别人办过" in again.content.decode()
    assert client.post(path.replace(receipt.code, "AAAAAAAAAA"), said).status_code == 404


def test_unsolved_needs_words_and_reopens(client: Client, district: Cast) -> None:
    receipt = reported()
    case = closed(district, receipt)
    path = f"/follow/{receipt.number}/{receipt.code}/answer"
    said = {"version": case.matter.version, "outcome": "unsolved"}
    assert client.post(path, said).status_code == 422
    assert client.post(path, said | {"comment": "垃圾又回来了"}).status_code == 302
    page = client.get(f"/follow/{receipt.number}/{receipt.code}/").content.decode()
    assert "垃圾又回来了" in page and "重新办理" in page
    assert "垃圾又回来了" not in client.get(f"/matters/{receipt.number}/").content.decode()


def test_the_contact_goes_at_once_when_asked(client: Client) -> None:
    receipt = reported(phone="13812345678", consent=vault.consent_for("case_contact").version)
    path = f"/follow/{receipt.number}/{receipt.code}/"
    assert "现在删除" in client.get(path).content.decode()
    assert "确认删除" in client.get(path + "erase").content.decode()
    assert Contact.objects.get().sealed is not None
    assert client.post(path + "erase").status_code == 302
    assert Contact.objects.get().sealed is None
    assert "现在删除" not in client.get(path).content.decode()


def test_what_staff_wrote_down_is_not_shown(client: Client, district: Cast) -> None:
    report = Report(channel="phone", class_code="0102", lon=SPOT[0], lat=SPOT[1], description="来电人说")
    receipt = actions.report_case(actor=district.actor("operator"), report=report)
    page = client.get(f"/follow/{receipt.number}/{receipt.code}/").content.decode()
    assert "来电人说" not in page and "由工作人员登记" in page


def test_pictures_open_with_the_code_alone(client: Client) -> None:
    from linli.files import actions as files

    from .resident import picture

    kept = files.accept_upload(actor=RESIDENT, stream=picture().file, name="a.jpg")
    receipt = reported(photo_keys=[kept.key])
    other = reported()
    good = f"/follow/{receipt.number}/{receipt.code}/photos/{kept.key}/small.jpg"
    assert client.get(good).status_code == 200
    assert client.get(f"/photos/{kept.key}/small.jpg").status_code == 404
    assert client.get(f"/follow/{other.number}/{other.code}/photos/{kept.key}/small.jpg").status_code == 404
    assert kept.key not in client.get(f"/matters/{receipt.number}/").content.decode()


# --- pages and budgets --------------------------------------------------------------------------------------
BUDGETS = {"/": 4, "/report/": 2, "/matters/": 4, "/follow/": 1, "/privacy/": 1, "/about/": 2, "/report/offline/": 2}


def test_query_budgets(client: Client, django_assert_max_num_queries: Any) -> None:
    receipts = [reported() for _n in range(20)]
    own = f"/follow/{receipts[0].number}/{receipts[0].code}/"
    client.get("/matters/")
    for path, most in {**BUDGETS, own: 6, f"/matters/{receipts[0].number}/": 5}.items():
        client.get(path)
        with django_assert_max_num_queries(most):
            assert client.get(path).status_code == 200
    spot = {"lon": SPOT[0], "lat": SPOT[1]}
    with django_assert_max_num_queries(3):
        client.get("/report/here", spot)


def test_every_page_in_english_too(client: Client) -> None:
    client.cookies["linli_language"] = "en"
    for path in BUDGETS:
        page = client.get(path)
        assert page.status_code == 200 and '<html lang="en"' in page.content.decode()


def test_the_worker_answers_from_the_root(client: Client) -> None:
    page = client.get("/worker.js")
    assert page.status_code == 200 and page["Content-Type"].startswith("text/javascript")
    assert "no-cache" in page["Cache-Control"]
