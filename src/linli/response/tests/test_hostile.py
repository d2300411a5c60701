"""What a thief of the database, a curious colleague and a hostile resident try, and do not get."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from linli.accounts import actions as accounts
from linli.accounts import queries as account_queries
from linli.core.actor import RESIDENT, SYSTEM
from linli.core.errors import Forbidden, Invalid, Missing
from linli.files import actions as files
from linli.flow import relay
from linli.flow.models import Cursor, Matter
from linli.organisations import queries as organisations
from linli.response import actions, queries
from linli.response.rules import parse_number
from linli.response.web.lookups import near_items
from linli.territory import queries as territory
from linli.vault import actions as vault
from linli.vault.models import Contact, ReadLog

from .conftest import NIUJIE, Press

pytestmark = pytest.mark.django_db
REPORT: dict[str, Any] = {
    "channel": "web",
    "class_code": "0102",
    "lon": NIUJIE[0],
    "lat": NIUJIE[1],
    "description": "垃圾没清",
}


def test_nothing_in_the_database_opens_a_receipt(reported: Any) -> None:
    """Sending the stored key again must not answer with the receipt: the key that a phone holds is not stored."""
    secret = "5f0c1d5e-3d0c-4f1e-9d55-0123456789ab".replace("-", "")
    case = reported(client_key=secret)
    stored = case.matter.client_key
    assert secret not in stored
    for stolen in {stored, stored.rpartition("/")[2]}:
        again = actions.report_case(actor=RESIDENT, report=actions.Report(**REPORT, client_key=stolen))
        assert not again.repeated and again.matter_id != case.pk
    assert actions.report_case(actor=RESIDENT, report=actions.Report(**REPORT, client_key=secret)).matter_id == case.pk


def test_one_erased_contact_does_not_stop_the_retention_of_the_others(reported: Any, press: Press) -> None:
    relay.subscribe("response.contacts", "case", actions.settle_contact)
    kept = {"phone": "13800138000", "consent": "case_contact-1"}
    erased, other = reported(**kept), reported(**kept)
    vault.erase_subject(actor=RESIDENT, subject=f"case:{erased.pk}", why="asked")
    press("operator", erased, "decline", text="重复")
    press("operator", other, "decline", text="重复")
    before = Contact.objects.get(pk=other.contact_id).erase_at
    relay.stamp()
    relay.deliver(["response.contacts"])
    assert Cursor.objects.get(name="response.contacts").failures == 0
    assert (before - Contact.objects.get(pk=other.contact_id).erase_at).days > 200


def test_a_token_of_a_part_of_the_posts_does_not_hide_the_body_one_serves(
    reported: Any, press: Press, district: Any
) -> None:
    team = organisations.body_by_code("110102018-grid")
    assert team is not None
    case = reported()
    press("operator", case, "accept")
    press("dispatcher-niujie", case, "dispatch", body_id=team.id)
    press("grid-niujie", case, "sign")
    press("grid-niujie", case, "feed_back", text="已清理。")
    verifier = district.id("verifier")
    accounts.give_post(actor=SYSTEM, account_id=verifier, kind="grid_worker", division="110102018", body_id=team.id)
    made = accounts.create_token(actor=SYSTEM, account_id=verifier, name="核查", scopes=["verifier"], days=1)
    program = account_queries.actor_for_token(made.secret)
    assert program is not None
    seen = queries.case_for(program, queries.number_of_case(case))
    with pytest.raises(Forbidden):
        actions.move_case(actor=program, case=seen, step=actions.Step("pass", seen.matter.version))


def test_a_colleague_elsewhere_learns_no_more_of_a_case_nearby_than_the_public(reported: Any, district: Any) -> None:
    plain, home = reported(), reported(class_code="2101")
    assert queries.class_of(home).dwelling and not queries.class_of(plain).dwelling
    mine = near_items(district.actor("grid-niujie"), *NIUJIE, "")
    assert {n["number"] for n in mine} == {queries.number_of_case(plain), queries.number_of_case(home)}
    elsewhere = near_items(district.actor("grid-desheng"), *NIUJIE, "")
    assert queries.number_of_case(home) not in {n["number"] for n in elsewhere}
    for n in elsewhere:
        assert (n["lon"], n["lat"]) == queries.public_point(plain) and n["url"] == ""
    handler = district.client("handler-water")
    assert handler.get(f"/cases/nearby?lon={NIUJIE[0]}&lat={NIUJIE[1]}").status_code == 403


def test_a_case_without_a_grid_is_not_near_anything_for_the_public(reported: Any) -> None:
    """Its public point is far from the true one: whether it shows would draw the true one's box."""
    case = reported()
    Matter.objects.filter(pk=case.pk).update(grid_at_intake="", community="")
    case.matter.refresh_from_db()
    lon, lat = queries.public_point(case)
    assert queries.nearby(lon, lat) == []


@pytest.mark.parametrize("code", ["é" * 10, "查询码", "ＡＢ", "\ud800"])
def test_a_code_in_any_script_is_just_wrong(reported: Any, code: str) -> None:
    case = reported()
    with pytest.raises(Missing):
        queries.case_by_receipt(queries.number_of_case(case), code)


def test_a_code_typed_full_width_is_understood(reported: Any) -> None:
    case = reported()
    code = actions.receipt_code(case.matter.key.hex)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code.lower())
    assert queries.case_by_receipt(queries.number_of_case(case), f"{wide[:5]} {wide[5:]}").pk == case.pk


def test_digits_that_are_no_numbers(reported: Any, district: Any) -> None:
    with pytest.raises(Invalid):
        parse_number("²" * 15)
    with pytest.raises(Missing):
        queries.public_case_or_missing("²" * 15) if hasattr(queries, "public_case_or_missing") else _public("²" * 15)
    assert Client().get(f"/matters/{'²' * 14}/").status_code == 404
    operator = district.client("operator")
    assert operator.get(f"/cases/nearby?lon={NIUJIE[0]}&lat={NIUJIE[1]}&class=%00").status_code == 200
    for address in ("/cases/?after=²", "/cases/?body=²", "/cases/²²²²²²²²²²²²²²/", "/cases/export.csv?body=²"):
        assert operator.get(address).status_code in (200, 404, 422), address


def _public(number: str) -> None:
    try:
        queries.public_case(number)
    except Invalid:
        raise Missing("no_such_case", "") from None


@pytest.mark.parametrize("query", ["since=0001-01-01", "until=9999-12-31", "stage=%00", "body=99999999999999999999999"])
def test_filters_at_the_edge_of_the_world(district: Any, query: str) -> None:
    assert district.client("operator").get(f"/cases/?{query}").status_code in (200, 422)


@pytest.mark.parametrize("after", ["0001-01-01T00:00:00%2B14:00~1", "9999-12-31T23:59:59-14:00~1", "²~²", "%00~1"])
def test_an_inbox_page_that_is_no_page(district: Any, after: str) -> None:
    assert district.client("operator").get(f"/inbox/?tab=today&after={after}").status_code == 422


def test_what_nobody_has_classified_yet_may_be_about_a_dwelling(reported: Any) -> None:
    """Who does not know the class is shown to the public as carefully as a dwelling, until staff have said what it is."""
    case = reported(class_code="2199", description="楼上漏水，不知道归哪里管")
    assert queries.nearby(*NIUJIE) == [] and queries.public_cases() == []
    with pytest.raises(Missing):
        queries.public_case(queries.number_of_case(case))
    assert queries.public_point(case) != territory.grid_center(case.matter.grid_at_intake)


def test_contacts_are_not_read_by_the_hundred(reported: Any, district: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("linli.site.limits.rates", {"contact_read": ((2, 86400),)}.__getitem__)
    case = reported(phone="13800138000", consent="case_contact-1")
    browser = district.client("operator")
    answers = [browser.post(f"/cases/{queries.number_of_case(case)}/contact", {"reason": "回访"}) for _n in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429] and b"13800138000" not in answers[2].content
    assert ReadLog.objects.count() == 2


def test_what_lies_elsewhere_is_not_there(reported: Any, district: Any, settings: Any, tmp_path: Any) -> None:
    """Every way to a case, for a colleague of another subdistrict and for a body that does not handle it."""
    settings.MEDIA_ROOT = tmp_path
    picture = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(picture, "PNG")
    picture.seek(0)
    key = files.accept_upload(actor=RESIDENT, stream=picture, name="a.png").key
    case = reported(photo_keys=(key,), phone="13800138000", consent="case_contact-1")
    number = queries.number_of_case(case)
    ways = (
        ("get", f"/cases/{number}/", {}),
        ("post", f"/cases/{number}/contact", {"reason": "核实"}),
        ("post", f"/cases/{number}/note/", {"version": 1, "text": "看看"}),
        ("get", f"/photos/{key}/full.jpg", {}),
        ("get", f"/api/v1/cases/{number}", {}),
        ("get", f"/api/v1/cases/{number}/journal", {}),
    )
    for username in ("dispatcher-desheng", "handler-water", "grid-desheng", "chief-desheng"):
        browser = district.client(username)
        assert [getattr(browser, m)(path, data).status_code for m, path, data in ways] == [404] * len(ways), username
        for listed in (
            "/cases/",
            "/cases/?view=body",
            f"/cases/?body={case.matter.body_id}",
            "/inbox/",
            "/api/v1/cases",
        ):
            assert number not in browser.get(listed).content.decode(), (username, listed)
    assert district.client("chief-desheng").get("/command/110102018/").status_code == 404
    assert district.client("chief-desheng").get("/command/data.json?division=110102018").status_code == 404
    for username, status in (("dispatcher-niujie", 403), ("chief", 403), ("auditor", 403), ("operator", 200)):
        seen = district.client(username).post(f"/cases/{number}/contact", {"reason": "核实"})
        assert (seen.status_code, "13800138000" in seen.content.decode()) == (status, status == 200), username
    assert ReadLog.objects.count() == 1 and Client().get(f"/photos/{key}/full.jpg").status_code == 404
