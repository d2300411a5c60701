"""The chain by the real actions: the whole way, the ways back, and who may not."""

from __future__ import annotations

import pytest

from linli.core.actor import RESIDENT
from linli.core.errors import Conflict, Forbidden, Invalid, Missing
from linli.flow import seals
from linli.flow.models import Journal
from linli.organisations import queries as organisations
from linli.response import actions, permissions, queries
from linli.response.models import Case
from linli.response.rules import CASE, luhn, number_of, parse_number
from linli.territory import queries as territory
from linli.vault.models import Contact

from .conftest import NIUJIE, Press

pytestmark = pytest.mark.django_db


def grid_team() -> int:
    team = organisations.body_by_code("110102018-grid")
    assert team is not None
    return team.id


def to_fed_back(case: Case, press: Press) -> Case:
    press("operator", case, "accept")
    press("dispatcher-niujie", case, "dispatch", body_id=grid_team())
    press("grid-niujie", case, "sign")
    return press("grid-niujie", case, "feed_back", text="已清理。")


def test_the_whole_way(reported, press: Press) -> None:  # type: ignore[no-untyped-def]
    case = reported(phone="138 0013 8000", consent="case_contact-1", name="王")
    assert case.matter.stage == "reported" and case.matter.subdistrict == "110102018"
    assert case.matter.grid_at_intake.startswith(case.matter.community) and len(case.matter.grid_at_intake) == 15
    assert case.suggested_body_id == grid_team()
    assert case.matter.due_at is not None and case.matter.final_due_at > case.matter.due_at
    to_fed_back(case, press)
    press("verifier", case, "pass")
    press("operator", case, "close")
    with pytest.raises(Invalid) as nobody_spoke:
        press("operator", case, "call_back", outcome="solved", satisfaction="satisfied")
    assert nobody_spoke.value.code == "not_called"
    press("operator", case, "call", extra={"call": "talked"})
    seen = press("operator", case, "call_back", outcome="solved", satisfaction="satisfied")
    assert seen.matter.stage == "ended" and seen.matter.closed_at is not None
    seen.refresh_from_db()
    assert (seen.outcome, seen.satisfaction, seen.first_closed_on_time) == ("solved", "satisfied", True)
    assert list(Journal.objects.filter(matter_id=case.pk).order_by("seq").values_list("verb", flat=True)) == [
        "report", "accept", "dispatch", "sign", "feed_back", "pass", "close", "call", "call_back",
    ]  # fmt: skip
    assert seals.verify().holds
    assert Contact.objects.get().subject == f"case:{case.pk}"


def test_who_handled_cannot_verify(reported, press: Press, district) -> None:  # type: ignore[no-untyped-def]
    case = to_fed_back(reported(), press)
    from linli.accounts import actions as accounts
    from linli.core.actor import SYSTEM

    accounts.give_post(actor=SYSTEM, account_id=district.id("grid-niujie"), kind="verifier", division="110102018")
    with pytest.raises(Forbidden) as refused:
        press("grid-niujie", case, "pass")
    assert refused.value.code in {"own_body", "handled_it"}
    accounts.give_post(
        actor=SYSTEM, account_id=district.id("verifier"), kind="handler", division="110102018", body_id=grid_team()
    )
    with pytest.raises(Forbidden) as own:
        press("verifier", case, "pass")
    assert own.value.code == "own_body"
    press("verifier-second", case, "pass")


def test_return_rework_and_reopen_are_counted(reported, press: Press) -> None:  # type: ignore[no-untyped-def]
    case = reported()
    press("operator", case, "accept")
    press("dispatcher", case, "dispatch", body_id=grid_team())
    press("grid-niujie", case, "ask_return", text="不归我们")
    press("dispatcher-niujie", case, "grant_return")
    with pytest.raises(Missing):  # no longer its body, and a grid worker of another subdistrict never saw it
        press("grid-desheng", case, "sign")
    press("dispatcher-niujie", case, "dispatch", body_id=grid_team())
    press("grid-niujie", case, "sign")
    press("grid-niujie", case, "feed_back", text="清了")
    press("verifier", case, "rework", text="还有一半")
    press("grid-niujie", case, "feed_back", text="全清了")
    press("verifier", case, "pass")
    closed = press("verifier", case, "close")
    first_due = closed.matter.final_due_at
    seen = press("operator", case, "reopen", text="又有了")
    assert seen.matter.stage == "accepted" and seen.matter.closed_at is None and seen.matter.body_id is None
    assert seen.matter.final_due_at >= first_due
    seen.refresh_from_db()
    assert (seen.return_count, seen.rework_count, seen.reopen_count) == (1, 1, 1)


def test_a_reason_is_required_and_nothing_is_written_without(reported, press: Press) -> None:  # type: ignore[no-untyped-def]
    case = reported()
    with pytest.raises(Invalid) as refused:
        press("operator", case, "decline", text="   ")
    assert list(refused.value.fields) == ["reason"]
    assert Journal.objects.filter(matter_id=case.pk).count() == 1


def test_the_wrong_post_is_told_why(reported, press: Press) -> None:  # type: ignore[no-untyped-def]
    case = reported()
    for username in ("verifier", "dispatcher-niujie", "chief", "auditor"):
        with pytest.raises(Forbidden) as refused:
            press(username, case, "accept")
        assert "立案" in str(refused.value.message)


def test_out_of_scope_looks_missing(reported, district) -> None:  # type: ignore[no-untyped-def]
    number = queries.number_of_case(reported())
    for username in ("dispatcher-desheng", "handler-water", "administrator", "grid-shichahai"):
        with pytest.raises(Missing):
            queries.case_for(district.actor(username), number)
    with pytest.raises(Missing):
        queries.case_for(RESIDENT, number)
    assert queries.case_for(district.actor("chief-niujie"), number)


def test_the_lists_are_scoped(reported, district) -> None:  # type: ignore[no-untyped-def]
    reported()
    everything = queries.CaseFilter()
    assert len(queries.case_page(district.actor("operator"), everything).rows) == 1
    assert len(queries.case_page(district.actor("chief-niujie"), everything).rows) == 1
    assert queries.case_page(district.actor("chief-desheng"), everything).rows == []
    assert queries.case_page(district.actor("administrator"), everything).rows == []
    assert queries.case_page(RESIDENT, everything).rows == []


def test_two_people_one_is_told_who_was_first(reported, district) -> None:  # type: ignore[no-untyped-def]
    case = reported()
    number = queries.number_of_case(case)
    one, two = district.actor("operator"), district.actor("operator")
    first, second = queries.case_for(one, number), queries.case_for(two, number)
    actions.move_case(actor=one, case=first, step=actions.Step("accept", first.matter.version))
    with pytest.raises(Conflict) as late:
        actions.move_case(actor=two, case=second, step=actions.Step("decline", second.matter.version, text="重复"))
    assert actions.first_mover(late.value) == one.label and late.value.details["verb"] == "accept"


def test_the_same_sending_twice_is_one_case(reported) -> None:  # type: ignore[no-untyped-def]
    first = reported(client_key="7c2a")
    again = actions.report_case(
        actor=RESIDENT,
        report=actions.Report("web", "0102", *NIUJIE, description="单元门口的垃圾两天没清。", client_key="7c2a"),
    )
    assert again.repeated and again.matter_id == first.pk and Case.objects.count() == 1
    assert again.code == actions.receipt_code(first.matter.key.hex)


def test_the_receipt_opens_only_its_own(reported) -> None:  # type: ignore[no-untyped-def]
    one, two = reported(), reported()
    code = actions.receipt_code(one.matter.key.hex)
    assert queries.case_by_receipt(queries.number_of_case(one), f" {code[:5].lower()}-{code[5:].lower()} ").pk == one.pk
    for number, given in [(queries.number_of_case(two), code), ("260101-000001-1", code), ("", code), ("１", "")]:
        with pytest.raises(Missing) as missing:
            queries.case_by_receipt(number, given)
        assert missing.value.code == "no_such_receipt"


def test_the_resident_answers_or_reopens(reported, press: Press) -> None:  # type: ignore[no-untyped-def]
    for outcome, stage in [("solved", "ended"), ("unsolved", "accepted")]:
        case = to_fed_back(reported(), press)
        press("verifier", case, "pass")
        press("verifier", case, "close")
        mine = queries.case_by_receipt(queries.number_of_case(case), actions.receipt_code(case.matter.key.hex))
        step = actions.Step("rate", mine.matter.version, "还是有味道", outcome=outcome, satisfaction="fair")
        with pytest.raises(Missing):
            actions.rate_case(actor=RESIDENT, case=mine, code="AAAAAAAAAA", step=step)
        actions.rate_case(actor=RESIDENT, case=mine, code=actions.receipt_code(case.matter.key.hex), step=step)
        assert mine.matter.stage == stage


def test_the_class_may_be_corrected_at_filing(reported, press: Press) -> None:  # type: ignore[no-untyped-def]
    case = press("operator", reported(), "accept", class_code="0402")
    assert case.matter.title == "自来水管破裂" and queries.class_of(case).code == "0402"
    tap_water = organisations.body_by_code("110102-tap-water")
    assert tap_water is not None and case.suggested_body_id == tap_water.id
    assert case.matter.final_due_at - case.counted_from <= __import__("datetime").timedelta(hours=24)


def test_buttons_are_exactly_what_may_be_pressed(reported, district, press: Press) -> None:  # type: ignore[no-untyped-def]
    case = reported()

    def buttons(username: str) -> list[str]:
        actor = district.actor(username)
        return [m.verb for m in queries.verbs_for(actor, queries.case_for(actor, queries.number_of_case(case)))]

    assert buttons("operator") == ["accept", "decline", "remind", "merge", "note"]
    assert buttons("verifier") == ["note"] and buttons("auditor") == []
    press("operator", case, "accept")
    assert buttons("chief")[0] == "dispatch" and "offer" in buttons("chief") and "lapse" not in buttons("chief")


def test_the_public_sees_the_grid_and_dwellings_a_day_later(reported, district) -> None:  # type: ignore[no-untyped-def]
    street, lift = reported(), reported(class_code="2102")
    assert [c.pk for c in queries.public_cases()] == [street.pk]
    assert queries.public_point(street) == territory.grid_center(street.matter.grid_at_intake)
    with pytest.raises(Missing):
        queries.public_case(queries.number_of_case(lift))
    assert queries.public_case(queries.number_of_case(street)).pk == street.pk
    hints = queries.nearby(*NIUJIE)
    assert [h.number for h in hints] == [queries.number_of_case(street)] and hints[
        0
    ].distance_m <= 200  # to the grid, not to the exact point
    assert (hints[0].lon, hints[0].lat) == territory.grid_center(street.matter.grid_at_intake)
    assert len(queries.nearby(*NIUJIE, public=False)) == 2


def test_contacts_are_read_by_posts_that_need_them(reported, district) -> None:  # type: ignore[no-untyped-def]
    matter = reported(phone="13800138000", consent="case_contact-1").matter
    allowed = {u for u in ("operator", "desk", "verifier", "grid-niujie", "handler-niujie", "chief", "auditor", "administrator")
               if permissions.can_read_contact(district.actor(u), matter)}  # fmt: skip
    assert allowed == {"operator", "desk", "verifier"}


def test_budgets(reported, district, django_assert_max_num_queries, press: Press) -> None:  # type: ignore[no-untyped-def]
    transaction = 4  # SAVEPOINT and RELEASE: ours, and the one around the client key
    case = reported()
    with django_assert_max_num_queries(8 + transaction):
        reported(phone="13800138000", consent="case_contact-1", client_key="budget")
    operator = district.actor("operator")
    seen = queries.case_for(operator, queries.number_of_case(case))
    with django_assert_max_num_queries(6 + 2):
        actions.move_case(actor=operator, case=seen, step=actions.Step("accept", seen.matter.version, "同意"))
    with django_assert_max_num_queries(4):
        queries.case_page(operator, queries.CaseFilter(subdistrict="110102018"))


def test_numbers_have_a_check_digit(reported) -> None:  # type: ignore[no-untyped-def]
    case = reported()
    number = number_of(case.pk, case.matter.opened_at)
    assert parse_number(number) == case.pk and parse_number(f" {number.replace('-', '')} ") == case.pk
    last = int(number[-1])
    with pytest.raises(Invalid):
        parse_number(number[:-1] + str((last + 1) % 10))
    assert luhn("7992739871") == 3


def test_every_arrow_cites_its_source() -> None:
    assert all(move.cite for move in CASE.moves.values())
    assert {t for m in CASE.moves.values() for t in (m.source | {m.target or CASE.start})} <= set(CASE.stages)


def test_the_live_page_of_a_case_hears_of_it_and_of_nothing_else(reported, district, press: Press) -> None:  # type: ignore[no-untyped-def]
    from linli.flow import relay

    case, other = reported(), reported()
    while relay.stamp():
        pass
    after = relay.position()
    press("operator", case, "accept")
    relay.stamp()
    operator = district.actor("operator")
    assert queries.case_news(operator, case.pk, after) == {"position": after + 1, "ids": [case.pk]}
    assert queries.case_news(operator, other.pk, after)["ids"] == []
    assert queries.case_news(district.actor("chief-desheng"), case.pk, after)["ids"] == []
