"""The desk: one POST registers, nothing typed is lost, the receipt can be read aloud, and no phone number finds anybody."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.knowledge import actions as knowledge
from linli.knowledge import queries as articles
from linli.knowledge.models import Gap
from linli.knowledge.rules import Content
from linli.response import actions, queries
from linli.response.models import Case
from linli.response.web import desk
from linli.testing.cast import CAST
from linli.testing.fixtures import Cast
from linli.vault.models import Contact

from .conftest import NIUJIE
from .test_web_cases import BUDGETS, sql_of

pytestmark = pytest.mark.django_db
DESHENG = {"lon": "116.3773", "lat": "39.9535"}


def report(**more: Any) -> dict[str, Any]:
    return {
        "class_q": "暴露垃圾", "class_code": "0102", "place_q": "牛街", "lon": str(NIUJIE[0]), "lat": str(NIUJIE[1]),
        "place_source": "search", "address": "3 号楼", "description": "门口垃圾没清", "phone": "", "name": "",
        "channel": "phone", "client_key": "desk-1", "go": "report", **more,
    }  # fmt: skip


def only() -> Case:
    return Case.objects.select_related("matter").get()


def test_the_desk_is_for_operators_and_desks(district: Cast) -> None:
    for person in CAST:
        client = district.client(person.username)
        wanted = 200 if person.kind in ("operator", "desk") else 403
        assert client.get("/desk/").status_code == wanted, person.username
        if wanted == 403:
            assert client.post("/desk/", report()).status_code == 403
    assert Client().get("/desk/").url.startswith("/login/?next=")
    assert not Case.objects.exists()
    assert sql_of(district.client("operator"), "/desk/") <= BUDGETS["response:desk"]


def test_one_post_registers_and_shows_the_receipt(district: Cast) -> None:
    client = district.client("operator")
    answer = client.post("/desk/", report())
    assert answer.status_code == 303
    case = only()
    assert (case.channel, case.place_source, case.matter.stage) == ("phone", "search", "reported")
    text = client.get(answer.url).content.decode()
    receipt = actions.receipt_for(case.matter)
    assert receipt.number in text and f"{receipt.code[:5]} {receipt.code[5:]}" in text
    assert 'name="description" rows="3" maxlength="2000"></textarea>' in text  # an empty form again
    assert "autofocus" in text


def test_register_and_accept_in_one_press(district: Cast) -> None:
    client = district.client("operator")
    answer = client.post("/desk/", report(go="accept"))
    assert answer.status_code == 303 and only().matter.stage == "accepted"
    assert "待派遣" in client.get(answer.url).content.decode()
    assert client.post("/desk/", report(go="accept")).status_code == 303  # pressed twice: one case, accepted once
    assert only().matter.seq == 2


def test_a_desk_registers_elsewhere_but_does_not_accept_there(district: Cast) -> None:
    client = district.client("desk")
    answer = client.post("/desk/", report(go="accept", channel="onsite", **DESHENG))
    assert answer.status_code == 303 and only().matter.stage == "reported"
    text = client.get(answer.url).content.decode()
    assert "没有立案" in text and queries.number_of_case(only()) in text and "打开案件" not in text


def test_pressing_twice_makes_one_case(district: Cast) -> None:
    client = district.client("operator")
    first, second = client.post("/desk/", report()), client.post("/desk/", report())
    assert first.url == second.url and Case.objects.count() == 1


def test_nothing_typed_is_lost(district: Cast) -> None:
    said = report(phone="12", name="<王芳>", agreed="on", description="门口<垃圾>", address="3 号楼")
    answer = district.client("operator").post("/desk/", said)
    text = answer.content.decode()
    assert answer.status_code == 422 and "<title>错误：" in text and 'href="#id_phone"' in text
    for value in ("门口&lt;垃圾&gt;", 'value="3 号楼"', 'value="&lt;王芳&gt;"', 'value="12"', 'value="desk-1"',
                  f'id="id_lon" value="{NIUJIE[0]}"', 'id="id_class_code" value="0102"', "checked"):  # fmt: skip
        assert value in text, value
    assert not Case.objects.exists() and not Contact.objects.exists()


def test_a_phone_needs_spoken_consent(district: Cast) -> None:
    client = district.client("operator")
    refused = client.post("/desk/", report(phone="13800138000"))
    assert refused.status_code == 422 and 'href="#id_agreed"' in refused.content.decode()
    assert client.post("/desk/", report(phone="13800138000", name="王女士", agreed="on")).status_code == 303
    assert Contact.objects.get().consent.startswith("case_contact_spoken")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"class_code": "", "class_q": ""}, "id_class_q"),
        ({"class_code": "", "class_q": "没有的东西"}, "id_class_q"),
        ({"class_code": "9999"}, "id_class_q"),
        ({"lon": "", "lat": "", "place_q": ""}, "id_place_q"),
        ({"lon": "", "lat": "", "place_q": "没有的地方"}, "id_place_q"),
        ({"lon": "121.47", "lat": "31.23"}, "id_place_q"),
        ({"lon": "0", "lat": "0"}, "id_place_q"),
        ({"lon": "nan", "lat": "inf"}, "id_place_q"),
        ({"description": ""}, "id_description"),
        ({"description": "长" * 2001}, "id_description"),
        ({"name": "王"}, "id_phone"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(district: Cast, more: dict[str, str], field: str) -> None:
    answer = district.client("operator").post("/desk/", report(**more))
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.content.decode()
    assert not Case.objects.exists()


def test_without_a_script_words_are_enough(district: Cast) -> None:
    client = district.client("operator")
    several = report(class_code="", class_q="道路", lon="", lat="", place_q="枣林", place_source="")
    text = client.post("/desk/", several).content.decode()
    assert 'name="class_pick"' in text and 'name="pick"' in text
    pick = re.search(r'name="pick" value="([^"]+)"', text)
    assert pick
    chosen = client.post("/desk/", several | {"class_pick": "0110", "pick": pick[1]})
    assert chosen.status_code == 303 and queries.class_of(only()).code == "0110"
    one = report(class_code="", class_q="bllj", lon="", lat="", place_q="春风社区", client_key="desk-2")
    assert client.post("/desk/", one).status_code == 303


def test_a_receipt_is_shown_to_who_registered_it_and_not_for_ever(
    district: Cast, reported: Callable[..., Case]
) -> None:
    client = district.client("operator")
    answer = client.post("/desk/", report())
    code = actions.receipt_for(only().matter).code[:5]
    assert code in client.get(answer.url).content.decode()
    assert code not in district.client("desk").get(answer.url).content.decode()
    with clock.at(clock.now() + desk.READ_ALOUD, actor=SYSTEM):
        assert code not in client.get(answer.url).content.decode()
    assert client.get("/desk/?done=nonsense").status_code == 200


# --- a question ----------------------------------------------------------------------------------------------
def asked(**more: Any) -> dict[str, Any]:
    return {
        "question": "停水了怎么办", "article": "", "said": "请先看家里的阀门。", "question_class": "7109",
        "division": "110102018", "channel": "phone", "client_key": "desk-q", "go": "answer", **more,
    }  # fmt: skip


@pytest.fixture
def water(district: Cast) -> int:
    """The version of a published answer about water."""
    knowledge.load_categories(actor=SYSTEM, text="code,name\n02,住房\n0202,供水\n")
    content = Content("停水了怎么办", "先看阀门。", "0202", spoken="请先看家里的<阀门>。")
    code = knowledge.create_article(actor=SYSTEM, content=content, owner_body=None, code="no-water")
    knowledge.publish(actor=SYSTEM, code=code, seq=1)
    found = articles.article(code)
    assert found is not None
    return found.version_id


def test_answers_come_as_one_types_and_suggest_a_class(district: Cast, water: int) -> None:
    client = district.client("operator")
    for words in ("停水", "tslzmb", "停水了怎么办"):
        (first, *_rest) = client.get("/desk/answers", {"q": words}).json()["results"]
        assert (first["version"], first["class_code"], first["spoken"]) == (water, "7109", "请先看家里的<阀门>。")
    assert client.get("/desk/answers", {"q": "\0"}).json() == {"results": []}
    assert district.client("verifier").get("/desk/answers", {"q": "停水"}).status_code == 403


def test_a_question_is_answered_in_one_post(district: Cast, water: int) -> None:
    client = district.client("operator")
    answer = client.post("/desk/", asked(article=str(water)))
    assert answer.status_code == 303
    case = only()
    assert (case.matter.stage, case.matter.subdistrict, queries.class_of(case).code) == ("closed", "110102018", "7109")
    text = client.get(answer.url).content.decode()
    assert "已答复并办结" in text and queries.number_of_case(case) in text
    page = client.get(f"/cases/{queries.number_of_case(case)}/").content.decode()
    assert "请先看家里的阀门。" in page and "停水了怎么办" in page and "没有具体地点" in page


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"question": ""}, "id_question"),
        ({"said": ""}, "id_said"),
        ({"question_class": ""}, "id_question_class"),
        ({"question_class": "0102"}, "id_class_q"),
        ({"division": "110105"}, "id_division"),
        ({"phone": "13800138000"}, "id_agreed"),
    ],
)
def test_a_refused_answer_keeps_what_was_typed(district: Cast, water: int, more: dict[str, str], field: str) -> None:
    answer = district.client("operator").post("/desk/", asked(article=str(water)) | more)
    text = answer.content.decode()
    assert answer.status_code == 422 and f'href="#{field}"' in text and 'data-mode="answer"' in text
    assert more.get("said") == "" or "请先看家里的阀门。" in text
    assert not Case.objects.exists()


def test_a_desk_answers_for_its_own_subdistrict_only(district: Cast) -> None:
    client = district.client("desk")
    page = client.get("/desk/").content.decode()
    assert 'value="110102018"' in page and 'value="110102007"' not in page
    assert client.post("/desk/", asked(channel="onsite")).status_code == 303
    assert client.post("/desk/", asked(division="110102007", client_key="q2")).status_code == 404
    assert Case.objects.count() == 1


def test_without_a_script_an_answer_is_looked_up_and_picked(district: Cast, water: int) -> None:
    client = district.client("operator")
    looked = client.post("/desk/", asked(go="look", question="停水", said="")).content.decode()
    assert f'name="article" value="{water}"' in looked and "请先看家里的" not in looked
    said = asked(article=str(water), said="")
    del said["go"]
    picked = client.post("/desk/", said).content.decode()
    assert "请先看家里的&lt;阀门&gt;。" in picked and not Case.objects.exists()
    assert "知识库里没有答复" in client.post("/desk/", asked(go="look", question="没有这种事")).content.decode()


def test_a_question_that_nothing_answers_is_registered_without_a_place(district: Cast) -> None:
    said = report(class_code="7199", class_q="其他咨询", lon="", lat="", place_q="", question="宠物医院几点开门",
                  description="", division="110102018", address="")  # fmt: skip
    assert district.client("operator").post("/desk/", said).status_code == 303
    assert only().matter.stage == "reported" and Gap.objects.get().words == "宠物医院几点开门"


def test_the_callers_report_is_joined_to_what_is_known(
    district: Cast, reported: Callable[..., Case], press: Callable[..., Case]
) -> None:
    main = press("operator", reported(), "accept")
    number = queries.number_of_case(main)
    client = district.client("operator")
    near = client.get("/cases/nearby", {"lon": NIUJIE[0], "lat": NIUJIE[1], "class": "0102"}).json()["results"]
    assert [(n["number"], n["merge"]) for n in near] == [(number, True)]
    said = report(go="", merge=number, class_q="", class_code="", description="")
    answer = client.post("/desk/", said)
    assert answer.status_code == 303, answer.content.decode()
    other = Case.objects.select_related("matter").exclude(pk=main.pk).get()
    assert (other.matter.stage, other.matter.parent_id) == ("merged", main.pk)
    assert "已登记并并案" in client.get(answer.url).content.decode()
    assert client.post("/desk/", said).status_code == 303 and Case.objects.count() == 2, "pressed twice: one report"
    wrong = client.post("/desk/", report(merge="261122-999999-8", client_key="desk-3"))
    assert wrong.status_code == 422 and Case.objects.count() == 2


# --- an earlier matter of the caller -------------------------------------------------------------------------
def test_number_and_code_open_the_callers_matter(district: Cast, reported: Callable[..., Case]) -> None:
    case = reported(phone="13800138000", name="王芳", consent="case_contact-1")
    receipt = actions.receipt_for(case.matter)
    client = district.client("operator")
    found = client.post("/desk/receipt", {"number": receipt.number, "code": receipt.code.lower()})
    text = found.content.decode()
    assert found.status_code == 200 and "暴露垃圾" in text and f"/cases/{receipt.number}/" in text
    assert "王芳" not in text and "13800138000" not in text
    part = client.post(
        "/desk/receipt", {"number": receipt.number, "code": receipt.code}, headers={"X-Fragment": "1"}
    ).content.decode()
    assert "暴露垃圾" in part and "<html" not in part


def test_elsewhere_only_the_progress_is_told(district: Cast, reported: Callable[..., Case]) -> None:
    receipt = actions.receipt_for(reported(lon=116.3773, lat=39.9535).matter)
    text = district.client("desk").post("/desk/receipt", {"number": receipt.number, "code": receipt.code}).content
    assert "暴露垃圾" in text.decode() and f"/cases/{receipt.number}/" not in text.decode()


def test_neither_a_wrong_code_nor_a_phone_number_finds_anything(district: Cast, reported: Callable[..., Case]) -> None:
    case = reported(phone="13800138000", consent="case_contact-1")
    number = queries.number_of_case(case)
    client = district.client("operator")
    for given in ({"number": number, "code": "AAAAABBBBB"}, {"number": "13800138000", "code": ""}, {}):
        answer = client.post("/desk/receipt", given)
        assert answer.status_code == 404 and "编号或查询码不对" in answer.content.decode()


def test_guessing_codes_is_slowed_down(
    district: Cast, reported: Callable[..., Case], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linli.site.limits.rates", {"receipt_lookup": ((2, 600),)}.__getitem__)
    client = district.client("operator")
    assert [client.post("/desk/receipt", {"number": "1"}).status_code for _n in range(3)] == [404, 404, 429]


def test_the_forms_need_the_token_against_forgery(district: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = district.client("operator").cookies
    assert strict.post("/desk/", report()).status_code == 403
    assert strict.post("/desk/receipt", {"number": "1"}).status_code == 403
    assert not Case.objects.exists()
