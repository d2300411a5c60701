"""Pages of experts: letters seen once, answers behind a code, nothing of them anywhere in the office before the end."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from linli.evaluation.actions import experts as write
from linli.evaluation.models import Framework, Invitation, Questionnaire, Scenario
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def framework(make_framework: Callable[..., Framework]) -> Framework:
    return make_framework()


def prepared(here: Cast, framework: Framework, kind: str = "budget") -> tuple[Questionnaire, list[str]]:
    """A questionnaire made, lettered and opened on the pages; the codes as the letters print them."""
    client = here.client("analyst")
    data = {"title": "权重咨询", "kind": kind, "nodes": ["index"], "note": "请凭经验"}
    answer = client.post(reverse("evaluation:questionnaire-new", args=[framework.pk]), data)
    assert answer.status_code == 302, answer.content.decode()
    row = Questionnaire.objects.get()
    letters = client.post(reverse("evaluation:questionnaire-letters", args=[row.pk]), {"count": 2})
    codes = re.findall(r'big-code num">([A-Z2-7-]+)<', letters.content.decode())
    assert len(codes) == 2 and letters["Cache-Control"].startswith("no-store, private")
    client.post(reverse("evaluation:questionnaire-open", args=[row.pk]))
    return row, codes


def spend(code: str, *points: str) -> Client:
    """An expert types the code of the letter and spends points; the browser."""
    client = Client()
    entered = client.post(reverse("evaluation:expert-entry"), {"code": code.lower()})
    plain = code.replace("-", "")
    assert entered["Location"] == reverse("evaluation:expert", args=[plain])
    fields = {f"points-{child}": n for child, n in zip("ABC", points, strict=False)}
    client.post(reverse("evaluation:expert-question", args=[plain, "index"]), fields)
    return client


def test_letters_are_seen_once_and_the_office_keeps_no_code(district: Cast, framework: Framework) -> None:
    row, codes = prepared(district, framework)
    page = district.client("analyst").get(reverse("evaluation:questionnaire", args=[row.pk])).content.decode()
    assert all(code not in page and code.replace("-", "") not in page for code in codes)
    assert Invitation.objects.filter(questionnaire=row).count() == 2


def test_an_expert_fills_saves_comes_back_and_hands_in(district: Cast, framework: Framework) -> None:
    _row, (code, _other) = prepared(district, framework)
    plain = code.replace("-", "")
    client = spend(code, "47", "31", "21")
    place = reverse("evaluation:expert-question", args=[plain, "index"])
    saved = client.get(place + "?saved=1").content.decode()
    assert "还差 1 分" in saved and 'value="47"' in saved
    refused = client.post(reverse("evaluation:expert-submit", args=[plain]))
    assert refused.status_code == 422 and "还差 1 分" in refused.content.decode()
    spend(code, "47", "31", "22")
    assert client.post(reverse("evaluation:expert-submit", args=[plain])).status_code == 302
    page = Client().get(reverse("evaluation:expert", args=[plain])).content.decode()
    assert "已提交，谢谢您" in page and "47" in page and place not in page
    assert client.get(place).status_code == 302
    late = client.post(place, {"points-A": "1"})
    assert late.status_code == 302 and ">47<" in client.get(reverse("evaluation:expert", args=[plain])).content.decode()


def test_no_page_of_the_office_shows_an_answer_before_the_end(district: Cast, framework: Framework) -> None:
    row, (code, _other) = prepared(district, framework)
    spend(code, "47", "31", "22").post(reverse("evaluation:expert-submit", args=[code.replace("-", "")]))
    places = [reverse("evaluation:experts"), reverse("evaluation:questionnaire", args=[row.pk])]
    for name in ("analyst", "administrator", "auditor"):
        client = district.client(name)
        for place in places:
            page = client.get(place)
            assert page.status_code == 200
            assert not re.search(r">\s*(47|31|22)(\.0)?%?\s*<", page.content.decode()), (name, place)
        assert client.get(reverse("evaluation:questionnaire-xlsx", args=[row.pk])).status_code == 409
    client = district.client("analyst")
    assert client.post(reverse("evaluation:questionnaire-adopt", args=[row.pk]), {"name": "早了"}).status_code == 409
    client.post(reverse("evaluation:questionnaire-close", args=[row.pk]))
    page = client.get(places[1]).content.decode()
    assert "47.0%" in page and client.get(reverse("evaluation:questionnaire-xlsx", args=[row.pk])).status_code == 200


def test_the_house_at_large_sees_no_questionnaire(district: Cast, framework: Framework) -> None:
    row, _codes = prepared(district, framework)
    client = district.client("dispatcher")
    assert client.get(reverse("evaluation:experts")).status_code == 403
    assert client.get(reverse("evaluation:questionnaire", args=[row.pk])).status_code == 403


def test_what_was_said_is_adopted_as_a_scenario(district: Cast, framework: Framework) -> None:
    row, codes = prepared(district, framework)
    for code, points in zip(codes, (("60", "20", "20"), ("20", "40", "40")), strict=True):
        spend(code, *points).post(reverse("evaluation:expert-submit", args=[code.replace("-", "")]))
    client = district.client("analyst")
    client.post(reverse("evaluation:questionnaire-close", args=[row.pk]))
    page = client.get(reverse("evaluation:questionnaire", args=[row.pk])).content.decode()
    assert "20.0—60.0%" in page and "40.0%" in page and "<rect" in page
    assert (
        client.post(reverse("evaluation:questionnaire-adopt", args=[row.pk]), {"name": "专家权重"}).status_code == 302
    )
    assert Scenario.objects.get().name == "专家权重"
    again = client.post(reverse("evaluation:questionnaire-adopt", args=[row.pk]), {"name": "专家权重"})
    assert again.status_code == 409 and "已有同名的方案" in again.content.decode()


def test_pairs_are_compared_and_the_worst_is_pointed_at(district: Cast, framework: Framework) -> None:
    _row, (code, _other) = prepared(district, framework, "ahp")
    plain, client = code.replace("-", ""), Client()
    place = reverse("evaluation:expert-question", args=[plain, "index"])
    said = {
        "which-0-1": "first",
        "degree-0-1": "5",
        "which-1-2": "first",
        "degree-1-2": "5",
        "which-0-2": "second",
        "degree-0-2": "5",
    }
    assert client.post(place, said)["Location"].endswith("?saved=1")
    page = client.get(place + "?saved=1").content.decode()
    assert page.count("data-worst>") == 1 and "前后不太一致" in page and "仍按这样提交" in page
    assert client.post(reverse("evaluation:expert-submit", args=[plain])).status_code == 422
    assert client.post(place, said | {"accepted": "1"})["Location"] == reverse("evaluation:expert", args=[plain])
    assert client.post(reverse("evaluation:expert-submit", args=[plain])).status_code == 302
    wrong = Client().post(
        reverse("evaluation:expert-question", args=[_other.replace("-", ""), "index"]),
        {"which-0-1": "first", "degree-0-1": "12"},
    )
    assert wrong.status_code == 422 and "请选重要多少" in wrong.content.decode()


def test_codes_are_not_found_by_trying(district: Cast, framework: Framework) -> None:
    _row, (code, _other) = prepared(district, framework)
    client, answers = Client(), set()
    for n in range(22):
        tried = f"AAAAA{'ABCDEFGHIJKLMNOPQRSTUV'[n]}AAAA"
        answers.add(client.get(reverse("evaluation:expert", args=[tried])).status_code)
    assert answers == {404, 429}
    assert client.get(reverse("evaluation:expert", args=[code.replace("-", "")])).status_code == 429
    first = Client(REMOTE_ADDR="10.1.2.3").get(reverse("evaluation:expert", args=["AAAAAAAAAA"]))
    assert first["Referrer-Policy"] == "same-origin" and first["X-Robots-Tag"] == "noindex, nofollow"


def test_a_revoked_code_opens_nothing(district: Cast, framework: Framework) -> None:
    row, (code, _other) = prepared(district, framework)
    write.revoke_seat(actor=district.actor("analyst"), questionnaire_id=row.pk, seat=1)
    assert Client().get(reverse("evaluation:expert", args=[code.replace("-", "")])).status_code == 404
