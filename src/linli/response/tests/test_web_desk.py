"""The desk: one POST registers, nothing typed is lost, the receipt can be read aloud, and no phone number finds anybody."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from linli.core import clock
from linli.core.actor import SYSTEM
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
    monkeypatch.setattr(desk, "LOOKUPS", (2, 600))
    client = district.client("operator")
    assert [client.post("/desk/receipt", {"number": "1"}).status_code for _n in range(3)] == [404, 404, 429]


def test_the_forms_need_the_token_against_forgery(district: Cast) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = district.client("operator").cookies
    assert strict.post("/desk/", report()).status_code == 403
    assert strict.post("/desk/receipt", {"number": "1"}).status_code == 403
    assert not Case.objects.exists()
