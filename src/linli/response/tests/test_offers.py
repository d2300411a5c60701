"""A matter that society takes: offered, claimed by exactly one, done, thanked; or by nobody, given up, taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.core.errors import Conflict, Forbidden, Invalid, Missing, Refusal
from linli.flow.models import Journal, Sealed
from linli.flow.queries import duties
from linli.organisations import queries as organisations
from linli.portal import queries as portal
from linli.response import actions, permissions, queries
from linli.response.models import Case, Offer
from linli.response.queries import offers
from linli.response.queries.offers import OfferFilter
from linli.response.rules import CASE
from linli.testing.fixtures import Cast
from linli.vault.queries import consent_for

NOTICE = "一个单元的扶手松了，想请有工具的队伍修一下，材料由责任单位提供。"
pytestmark = pytest.mark.django_db
Report = Callable[..., Case]
Press = Callable[..., Case]


def body(code: str) -> int:
    found = organisations.body_by_code(code)
    assert found is not None, code
    return found.id


@pytest.fixture
def offered(reported: Report, press: Press) -> Callable[..., Case]:
    """A need in Niujie, offered for a day to whoever `kinds` and `bodies` name."""

    def offer(case: Case | None = None, hours: float = 24, text: str = NOTICE, **extra: Any) -> Case:
        case = case or reported(
            class_code="8106", phone="13812345678", consent=consent_for("case_contact").version, name="居民"
        )
        press("operator", case, "accept")
        extra["claim_by"] = clock.now() + timedelta(hours=hours)
        press("dispatcher-niujie", case, "offer", text=text, body_id=body("110102018-grid"), extra=extra)
        return fresh(case)

    return offer


def fresh(case: Case) -> Case:
    return Case.objects.select_related("matter").get(pk=case.pk)


def claim(cast: Cast, username: str, case: Case, body_id: int | None = None) -> Case:
    actions.claim_case(
        actor=cast.actor(username), case=case, step=actions.Step("claim", case.matter.version, body_id=body_id)
    )
    return case


def board(cast: Cast, username: str, **wanted: str) -> list[str]:
    return [c.class_name for c in offers.open_offers(cast.actor(username), OfferFilter(**wanted)).cards]


# --- offering ---------------------------------------------------------------------------------------------
def test_the_notice_lies_sealed_and_is_read_by_those_invited(offered: Callable[..., Case], district: Cast) -> None:
    case = offered()
    line = Journal.objects.get(matter_id=case.pk, verb="offer")
    assert NOTICE[:6] not in line.body and Sealed.objects.filter(journal=line).exists()
    card = offers.open_offers(district.actor("claim-volunteers"), OfferFilter()).cards[0]
    assert card.notice == NOTICE and card.place.startswith("牛街街道") and card.limit == "7 个自然日"
    assert not permissions.can_see(district.actor("claim-volunteers"), case.matter)
    with pytest.raises(Missing):
        queries.case_for(district.actor("claim-volunteers"), queries.number_of_case(case))


def test_who_is_invited_by_kind_by_place_by_name(offered: Callable[..., Case], district: Cast) -> None:
    offered(kinds=["volunteer_team"])
    assert board(district, "claim-volunteers") and not board(district, "claim-care")
    assert not board(district, "claim-desheng"), "a team of another subdistrict is not near"
    offered(bodies=[body("110102010-volunteers")])
    assert len(board(district, "claim-desheng")) == 1 and len(board(district, "claim-volunteers")) == 1
    assert len(board(district, "dispatcher-niujie")) == len(board(district, "chief")) == 2
    assert board(district, "dispatcher-desheng") == [] == board(district, "chief", top="01")
    assert not permissions.can_read_offers(district.actor("handler-works"))


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"text": ""}, "text_required"),
        ({"text": "打 13812345678"}, "notice_exposes"),
        ({"text": "打 13812345678", "cleared": True}, "notice_exposes"),
        ({"text": "张大爷家的扶手"}, "notice_unclear"),
        ({"hours": -1}, "bad_claim_by"),
        ({"hours": 24 * 61}, "bad_claim_by"),
    ],
)
def test_an_offer_is_refused_with_the_field(offered: Callable[..., Case], more: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        offered(**more)
    assert refused.value.code == code and refused.value.fields


def test_what_a_person_has_looked_at_again_may_stand(offered: Callable[..., Case], district: Cast) -> None:
    assert offered(text="张大爷家的扶手", cleared=True).matter.stage == "offered"
    with pytest.raises(Invalid, match="not_society"):
        offered(bodies=[body("110102-power")])


def test_what_is_offered_is_in_nobodys_inbox(offered: Callable[..., Case], district: Cast) -> None:
    offered()
    for who in ("claim-volunteers", "handler-landscaping", "dispatcher-niujie"):
        assert not any(rows.filter(stage="offered").exists() for _k, _w, rows in duties(district.actor(who), [CASE]))


# --- claiming ---------------------------------------------------------------------------------------------
def test_from_offer_to_thanks(offered: Callable[..., Case], press: Press, district: Cast) -> None:
    case = offered()
    promised = case.matter.final_due_at
    claim(district, "claim-volunteers", case)
    case = fresh(case)
    team = body("110102018-volunteers")
    assert (case.matter.stage, case.matter.body_id) == ("handling", team)
    assert promised and case.matter.final_due_at and case.matter.final_due_at < promised, (
        "the limit counts from the claim"
    )
    assert case.matter.due_at == case.matter.final_due_at, "who has no contact need not speak to the reporter first"
    member = district.actor("claim-volunteers")
    assert any(rows.filter(pk=case.pk).exists() for _k, _w, rows in duties(member, [CASE]))
    assert not permissions.can_read_contact(member, case.matter)
    buttons = {m.verb for m in queries.verbs_for(member, case)}
    assert {"feed_back", "give_up"} <= buttons and not buttons & {"ask_return", "ask_transfer", "contacted"}
    with pytest.raises(Conflict, match="claimed"):
        press("claim-volunteers", case, "ask_return", text="办不了")
    press("claim-volunteers", case, "feed_back", text="修好了")
    with pytest.raises(Forbidden):
        press("claim-volunteers", case, "pass")
    for who, verb, more in (
        ("verifier", "pass", {}),
        ("verifier", "close", {}),
        ("operator", "call", {"extra": {"call": "talked"}}),
        ("operator", "call_back", {"outcome": "solved", "satisfaction": "satisfied"}),
        ("operator", "thank", {"text": "谢谢你们"}),
    ):
        press(who, case, verb, **more)
    done = fresh(case)
    assert (done.subject, done.first_closed_on_time) == ("volunteer_team", True)
    mine = offers.answered(member)[0][0]
    assert (mine.thanks, str(mine.state), mine.on_time) == ("谢谢你们", "已办好", True)
    assert offers.tally(member) == offers.Tally(claimed=1, working=0, done=1, thanked=1)
    assert offers.letter_for(member, mine.id).office.startswith("牛街街道") or mine.office
    with pytest.raises(Missing):
        offers.letter_for(district.actor("claim-care"), mine.id)
    assert "谢谢你们" not in "".join(Journal.objects.values_list("body", flat=True))


def test_the_second_is_told_who_was_first(offered: Callable[..., Case], district: Cast) -> None:
    case = offered()
    seen = fresh(case)
    claim(district, "claim-volunteers", case)
    with pytest.raises(Conflict):
        claim(district, "claim-care", seen)
    row = Offer.objects.get()
    answer = district.client("claim-care").post(f"/offers/{row.pk}/claim", {"version": seen.matter.version})
    assert answer.status_code == 409 and "牛街街道志愿服务队（演示）”在" in answer.content.decode()
    assert "何静" not in answer.content.decode()


def test_a_person_of_two_bodies_chooses(offered: Callable[..., Case], district: Cast) -> None:
    case = offered()
    with pytest.raises(Forbidden):
        actions.move_case(actor=district.actor("dispatcher-niujie"), case=fresh(case), step=actions.Step("claim", 3))
    claim(district, "claim-care", case, body_id=body("110102-power"))
    assert fresh(case).matter.body_id == body("110102-elder-care"), "not for a body that one does not serve"


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_exactly_one_has_it(offered: Callable[..., Case], district: Cast) -> None:
    case = offered()
    results: list[str] = []
    ready = threading.Barrier(2)

    def press_it(username: str) -> None:
        try:
            actor, seen = district.actor(username), fresh(case)
            ready.wait()
            actions.claim_case(actor=actor, case=seen, step=actions.Step("claim", seen.matter.version))
            results.append("done")
        except Refusal as refused:
            results.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press_it, args=(u,)) for u in ("claim-volunteers", "claim-care")]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(results) == ["done", "moved_meanwhile"], results
    assert Journal.objects.filter(matter_id=case.pk, verb="claim").count() == 1
    assert Offer.objects.get().claimed_by_id == fresh(case).matter.body_id


# --- nobody, not after all, not any more ------------------------------------------------------------------
def test_what_nobody_claims_goes_to_the_body_that_owes_it(offered: Callable[..., Case], district: Cast) -> None:
    case = offered()
    with clock.at(clock.now() + timedelta(hours=23), actor=SYSTEM):
        assert actions.ring_alarms() == 0
    later = clock.now() + timedelta(hours=25)
    with clock.at(later, actor=SYSTEM):
        assert actions.ring_alarms() == 1 and actions.ring_alarms() == 0
        late = fresh(case)
        assert (late.matter.stage, late.matter.body_id) == ("dispatched", body("110102018-grid"))
        assert late.counted_from == later and late.matter.final_due_at == later + timedelta(days=7)
        with pytest.raises(Refusal):
            claim(district, "claim-volunteers", late)
    assert Offer.objects.get().state == "lapsed"
    words = [line.words for line in portal._plain_lines(queries.history(SYSTEM, late), own=True)]
    assert words[-1].startswith("到期没有单位认领，交由牛街") and "正在邀请社会力量参与" in words


def test_given_up_and_taken_back(offered: Callable[..., Case], press: Press, district: Cast) -> None:
    case = claim(district, "claim-care", offered())
    press("claim-care", case, "give_up", text="人手不够")
    case = fresh(case)
    assert (case.matter.stage, case.matter.body_id) == ("dispatched", body("110102018-grid"))
    assert Offer.objects.get().state == "given_up" and case.contacted_at is not None
    other = offered()
    opened = other.matter.opened_at
    press("dispatcher-niujie", other, "withdraw_offer", text="已另有安排")
    other = fresh(other)
    assert other.matter.stage == "accepted" and other.counted_from < opened + timedelta(minutes=1)
    assert abs((other.matter.final_due_at or opened) - opened - timedelta(days=7)) < timedelta(minutes=1)


# --- pages ------------------------------------------------------------------------------------------------
def test_pages_and_budgets(offered: Callable[..., Case], district: Cast) -> None:
    client = district.client("claim-volunteers")
    assert "现在没有等人认领的事" in client.get("/offers/").content.decode()
    assert "还没有认领过" in client.get("/offers/ours/").content.decode()
    for _n in range(3):
        offered()
    row = Offer.objects.first()
    assert row is not None
    for path, most in (("/offers/", 6), (f"/offers/{row.pk}/", 10), ("/offers/ours/", 6)):
        with CaptureQueriesContext(connection) as sql:
            text = client.get(path).content.decode()
        assert len(sql) <= most, (path, len(sql))
    assert "13812345678" not in text
    client.get(f"/offers/{row.pk}/")
    assert offers.offer_for(district.actor("chief"), row.pk)[0].looks == 1, "a body counts once"
    assert "1 家单位看过" in client.get(f"/offers/{row.pk}/").content.decode()
    for bad in (
        "?after=x",
        "?after=2026-11-22T00:00:00~9",
        "?top=%00",
        "?after=2026-11-22T00:00:00%2B00:00~" + "9" * 60,
    ):
        assert client.get(f"/offers/{bad}").status_code == 200
    assert client.get(f"/offers/{2**63}/").status_code == 404
    answer = client.post(f"/offers/{row.pk}/claim", {"version": "x", "body": "²"})
    assert answer.status_code == 303 and client.get(answer["location"]).status_code == 200
    assert district.client("handler-works").get("/offers/").status_code == 403
    assert "认领广场" not in district.client("handler-works").get("/inbox/").content.decode()


def test_offers_are_paged_by_key(offered: Callable[..., Case], district: Cast) -> None:
    for n in range(5):
        offered(hours=24 - n)
    member, seen, after = district.actor("claim-care"), [], ""
    while True:
        page = offers.open_offers(member, OfferFilter(), after=after, limit=2)
        seen += [c.claim_by for c in page.cards]
        if not page.next_after:
            break
        after = page.next_after
    assert len(seen) == 5 and seen == sorted(seen)
