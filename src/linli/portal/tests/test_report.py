"""Reporting in three steps: nothing typed is lost, a repeated press is harmless, what is hostile stays text."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from linli.files.models import Upload
from linli.flow.models import Matter
from linli.portal.web import draft as drafts
from linli.response import queries as response
from linli.response.models import Case
from linli.territory import queries as territory

from .resident import SPOT, Resident, picture

PHONE = {"phone": "138 1234 5678", "name": "王女士", "agreed": "on"}


def place_of(answer: Any) -> tuple[str, str]:
    found = re.fullmatch(r"/follow/([\d-]+)/([A-Z2-7]{10})/\?(new|again)=1", answer["Location"])
    assert found, answer["Location"]
    return found[1], found[2]


def test_three_steps_with_the_map(resident: Resident) -> None:
    resident.to_check()
    assert "核对并提交" in resident.text and "牛街街道" in resident.text
    resident.press("send")
    assert resident.page.status_code == 303
    number, code = place_of(resident.page)
    case = response.case_by_receipt(number, code)
    assert (round(case.lon, 4), round(case.lat, 4)) == SPOT
    assert case.channel == "web" and case.contact_id is None
    page = resident.client.get(resident.page["Location"])
    assert page["Cache-Control"] == "no-store, private" and "noindex" in page["X-Robots-Tag"]
    assert page["Referrer-Policy"] == "same-origin"
    text = page.content.decode()
    assert number in text and code in text and "已收到" in text and "单元门口堆了垃圾" in text


def test_three_steps_without_javascript_by_search(resident: Resident) -> None:
    resident.open().press("search", q="枣林前街")
    pick = re.search(r'name="pick" value="([^"]+)"', resident.text)
    assert resident.page.status_code == 200 and pick
    resident.press("next", pick=pick[1])
    assert "发生了什么" in resident.text and resident.value("address") == pick[1].split(",", 2)[2]
    resident.press("next", class_code="0110", files=[picture()])
    assert "核对并提交" in resident.text
    resident.press("send", **PHONE, consent=resident.value("consent"))
    case = response.case_by_receipt(*place_of(resident.page))
    assert case.photos == 1 and case.contact_id and case.place_source == "search"


def test_three_steps_without_javascript_by_list(resident: Resident) -> None:
    drawn = next(c for c in territory.divisions(12, "110102018") if c.has_boundary)
    resident.open().press("next", division=drawn.code)
    resident.press("next", class_code="2199", description="不知道归谁管").press("send")
    case = response.case_by_receipt(*place_of(resident.page))
    assert case.matter.community == drawn.code and case.place_source == "list"


def test_a_community_without_boundary_falls_to_its_subdistrict_and_keeps_its_name(resident: Resident) -> None:
    bare = next(c for c in territory.divisions(12) if not c.has_boundary)
    resident.open().press("next", division=bare.code)
    assert "发生了什么" in resident.text and resident.value("address") == bare.name
    resident.press("next", class_code="0102", description="垃圾").press("send")
    case = response.case_by_receipt(*place_of(resident.page))
    assert case.matter.subdistrict == bare.parent


def test_what_is_missing_is_said_and_nothing_is_lost(resident: Resident) -> None:
    resident.open().press("next")
    assert resident.page.status_code == 422 and "请先选择位置" in resident.text and "<title>错误：" in resident.text
    resident.to_what().press("next", files=[picture()], address="3 号楼")
    assert resident.page.status_code == 422 and 'href="#id_class_code"' in resident.text
    assert len(resident.values("photo")) == 1 and resident.value("address") == "3 号楼"
    resident.press("next", class_code="0102")
    assert "核对并提交" in resident.text
    resident.press("send", phone="12", agreed="on", name="李")
    assert resident.page.status_code == 422 and resident.value("phone") == "12" and resident.value("name") == "李"
    assert not Case.objects.exists()
    resident.press("back")
    assert len(resident.values("photo")) == 1 and resident.value("address") == "3 号楼"
    resident.press("next").press("send", phone="13812345678", agreed="on")
    assert response.case_by_receipt(*place_of(resident.page)).photos == 1


def test_a_phone_needs_consent_and_the_report_does_not_need_a_phone(resident: Resident) -> None:
    resident.to_check().press("send", phone="13812345678")
    assert resident.page.status_code == 422 and "需要您同意" in resident.text
    resident.press("send", phone="")
    assert resident.page.status_code == 303


def test_a_double_click_makes_one_case(resident: Resident) -> None:
    resident.to_check()
    fields = resident.fields
    first = place_of(resident.press("send").page)
    resident.fields = fields
    answer = resident.press("send", description="changed").page
    assert place_of(answer) == first and answer["Location"].endswith("?again=1")
    assert Matter.objects.count() == 1
    assert "没有重复登记" in resident.client.get(answer["Location"]).content.decode()


def test_again_keeps_the_place_and_is_another_report(resident: Resident) -> None:
    number, code = place_of(resident.to_check().press("send").page)
    page = resident.client.get(f"/follow/{number}/{code}/").content.decode()
    state = re.findall(r'name="state" value="([^"]+)"', page)[-1]
    resident._read(resident.client.post("/report/", {"state": state, "go": "again"}))
    assert 'data-placed="1"' in resident.text
    resident.press("next").press("next", class_code="0110", description="坑").press("send")
    other = place_of(resident.page)
    assert other[0] != number and Matter.objects.count() == 2


def test_the_other_language_keeps_what_was_typed(resident: Resident) -> None:
    resident.to_what().press("next", language="en", description="写了一半", class_code="0110")
    assert '<html lang="en"' in resident.text and "写了一半" in resident.text
    assert "checked" in resident.text and resident.client.cookies["linli_language"].value == "en"


def test_too_many_reports_are_told_when_to_come_back_and_keep_their_words(resident: Resident, settings: Any) -> None:
    settings.PORTAL_LIMITS = settings.PORTAL_LIMITS | {"report": [[1, 600]]}
    resident.to_check().press("send")
    resident.to_check(description="第二件").press("send", phone="13812345678", agreed="on")
    assert resident.page.status_code == 429 and int(resident.page["Retry-After"]) > 0
    assert "第二件" in resident.text and resident.value("phone") == "13812345678"
    assert Matter.objects.count() == 1


# --- hostile ---------------------------------------------------------------------------------------------
XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def test_markup_stays_text_on_every_page(resident: Resident) -> None:
    resident.open().press("search", q=XSS[:50])
    assert "<script>alert" not in resident.text
    resident.to_what().press("search", class_q=XSS[:40], description=XSS)
    assert "<script>alert" not in resident.text
    resident.press("next", class_code="0102", description=XSS, address=XSS[:60])
    assert (
        "核对并提交" in resident.text
        and "<script>alert" not in resident.text
        and "onerror=alert(1)&gt;" in resident.text
    )
    resident.press("send")
    page = resident.client.get(resident.page["Location"]).content.decode()
    assert "<script>alert" not in page and "&lt;script&gt;" in page


def test_nul_and_huge_text_are_survived(resident: Resident) -> None:
    resident.to_what().press("next", class_code="0102", description="好" * 100_000)
    assert resident.page.status_code == 422 and "现在是 100000 字" in resident.text and "好" * 1000 in resident.text
    resident.press("next", description="a\0b", address="\0")
    assert "核对并提交" in resident.text
    assert resident.press("send").page.status_code == 303


@pytest.mark.parametrize(
    ("lon", "lat", "said"),
    [
        ("0", "0", "没有取得位置"),
        ("39.8858", "116.3599", "写反了"),
        ("116.6", "39.9", "不在本区"),
        ("nan", "39.9", "不是有效的数字"),
        ("1e999", "39.9", "不是有效的数字"),
        ("", "", "不是有效的数字"),
    ],
)
def test_points_that_are_no_place_are_refused(resident: Resident, lon: str, lat: str, said: str) -> None:
    resident.open().press("next", lon=lon, lat=lat, source="map")
    assert resident.page.status_code == 422 and said in resident.text
    here = resident.client.get("/report/here", {"lon": lon, "lat": lat})
    assert here.status_code == 422 and said in here.json()["message"]


def test_an_unknown_class_and_an_unknown_division_are_refused(resident: Resident) -> None:
    resident.to_what().press("next", class_code="9999", description="x")
    assert resident.page.status_code == 422 and "请选择问题类型" in resident.text
    resident.open().press("next", division="999999999999")
    assert resident.page.status_code == 422 and "请重新选择" in resident.text
    resident.open().press("next", pick="../../etc,passwd,x")
    assert resident.page.status_code == 422


def test_a_tampered_state_begins_anew_and_keeps_the_words(resident: Resident) -> None:
    resident.to_what()
    resident.fields = [(n, v[:-2] + "xx" if n == "state" else v) for n, v in resident.fields]
    resident.press("next", class_code="0102", description="还在吗")
    assert resident.page.status_code == 422 and "请先选择位置" in resident.text
    resident.press("next", lon=str(SPOT[0]), lat=str(SPOT[1]), source="map")
    assert "还在吗" in resident.text


def test_another_drafts_pictures_cannot_be_taken(resident: Resident, district: Any) -> None:
    theirs = Resident(Client()).to_what().press("upload", files=[picture()])
    stolen = theirs.values("photo")[0]
    key = Upload.objects.get().key
    for token in (stolen, key, f"{key}:x", f"../../{key}"):
        resident.to_what().press("next", class_code="0102", description="x", photo=token)
        assert resident.page.status_code == 422 and "有照片已经失效" in resident.text
        assert resident.values("photo") == []
    assert Upload.objects.get().subject == ""


def test_a_picture_already_attached_elsewhere_is_refused_and_the_words_stay(resident: Resident) -> None:
    resident.to_what().press("next", class_code="0102", description="留着", files=[picture()])
    Upload.objects.update(subject="case:999", expires_at=None)
    resident.press("send")
    assert resident.page.status_code == 422 and "留着" in resident.text and "重新上传" in resident.text
    assert not Case.objects.exists()


def test_bad_files_are_named_and_good_ones_kept(resident: Resident) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    bad = SimpleUploadedFile("x.jpg", b"MZ not a picture", "image/jpeg")
    resident.to_what().press("next", class_code="0102", files=[bad, picture(), picture(), picture(), picture()])
    assert resident.page.status_code == 422 and "第 1 张照片：" in resident.text and "最多 3 张" in resident.text
    assert len(resident.values("photo")) == 3
    resident.press(f"drop:{resident.values('photo')[0]}")
    assert len(resident.values("photo")) == 2


def test_the_trap_catches_programs_and_says_so(resident: Resident) -> None:
    resident.to_check().press("send", leave_empty="http://x")
    assert resident.page.status_code == 422 and not Case.objects.exists()


def test_csrf_is_asked_for(district: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/report/", {"go": "next"}).status_code == 403
    assert strict.post("/report/photo", {}).status_code == 403


def test_a_picture_by_script_belongs_to_its_draft(resident: Resident) -> None:
    resident.to_what()
    sent = resident.client.post("/report/photo", {"state": resident.value("state"), "photo": picture()})
    assert sent.status_code == 201
    token = sent.json()["token"]
    assert resident.client.get(sent.json()["small_url"]).status_code == 200
    resident.press("next", class_code="0102", photo=token)
    assert "核对并提交" in resident.text
    refused = resident.client.post(
        "/report/photo", {"state": "x", "photo": picture()}, headers={"accept": "application/json"}
    )
    assert refused.status_code == 422


def test_an_old_draft_is_not_believed() -> None:
    assert drafts.loads("") is None and drafts.loads("a:b:c") is None
    assert drafts.loads(drafts.dumps(drafts.new())) is not None


def test_what_is_known_of_the_same_class_is_shown_before_it_is_sent(resident: Resident) -> None:
    resident.to_check()
    assert "附近有同类的事在办" not in resident.text
    resident.press("send")
    number, code = place_of(resident.page)
    case = response.case_by_receipt(number, code)
    again = Resident().to_check()
    part = again.text[again.text.index("same-title") : again.text.index("contact-title")]
    assert f"/matters/{number}/" in part and "今天反映" in part and 'data-lon="' in part
    assert code not in part and "单元门口" not in part and not re.search(r"\d\d:\d\d", part)
    marks = re.findall(r'data-lon="([\d.]+)" data-lat="([\d.]+)"', part)
    assert marks == [tuple(f"{x:.6f}" for x in territory.grid_center(case.matter.grid_at_intake))]
    other = Resident().to_check(class_code="0110")
    assert "附近有同类的事在办" not in other.text  # another class
    Matter.objects.filter(pk=case.pk).update(stage="closed", closed_at=case.matter.opened_at)
    assert "附近有同类的事在办" not in Resident().to_check().text  # done: nothing to follow


def test_a_class_about_dwellings_is_never_hinted_at(resident: Resident) -> None:
    resident.to_check(class_code="2101").press("send")
    assert "附近有同类的事在办" not in Resident().to_check(class_code="2101").text


def test_two_in_one_grid_have_two_marks(resident: Resident) -> None:
    for _n in range(2):
        Resident().to_check().press("send")
    text = Resident().to_check().text
    assert len(set(re.findall(r'data-lon="([\d.]+)"', text))) == 2
