"""The pages of records: what stands on them, what they write, who may."""

from __future__ import annotations

from datetime import date

import pytest

from linli.circle.actions import records as write
from linli.circle.actions.kinds import load_kinds
from linli.core.actor import SYSTEM
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db
EAST, WEST = "110102018001", "110102018009"


@pytest.fixture
def circle(district: Cast) -> int:
    load_kinds(actor=SYSTEM)
    planner = district.actor("planner")
    write.add_record(
        actor=planner, community=EAST, kind="premises", amount=300, as_of=date(2026, 1, 1), evidence="租约"
    )
    write.designate(actor=planner, programme="smart", community=EAST, year=2025, state="pilot", evidence="通知")
    write.save_station(actor=planner, code="st-1", name="联合服务站", communities=(EAST, WEST))
    return write.save_circle(
        actor=planner, facts=write.CircleFacts("xc-1", "牛街圈", (EAST, WEST), 2025, state="built")
    )


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/circle/records/", "未登记"),
        ("/circle/records/?division=110102018", "联合服务站"),
        (f"/circle/communities/{EAST}/", "低于标准"),
        ("/circle/programmes/smart/", "试点"),
        ("/circle/circles/", "牛街圈"),
        ("/circle/circles/?state=planned", "没有符合的服务圈"),
    ],
)
def test_pages_say_what_is_known_and_what_is_not(circle: int, district: Cast, address: str, words: str) -> None:
    page = district.client("auditor").get(address)
    assert page.status_code == 200 and words in page.content.decode()


def test_a_clerk_writes_a_record_of_its_own_community_only(circle: int, district: Cast) -> None:
    clerk = district.client("community-niujie")
    sent = {"kind": "budget", "amount": "1,200.50", "as_of": "2026-01-02", "evidence": "预算批复"}
    assert clerk.post(f"/circle/communities/{EAST}/", sent).status_code == 302
    assert "1,200.50 元" in clerk.get(f"/circle/communities/{EAST}/").content.decode()
    assert clerk.post(f"/circle/communities/{WEST}/", sent).status_code == 403
    wrong = clerk.post(f"/circle/communities/{EAST}/", sent | {"amount": "很多"})
    assert wrong.status_code == 422 and "很多" in wrong.content.decode()


def test_a_circle_is_edited_as_it_was_seen(circle: int, district: Cast) -> None:
    planner = district.client("planner")
    sent = {"version": "1", "name": "牛街东圈", "communities": [EAST], "state": "built", "level": "municipal",
            "year": "2025", "provenance": "provisional"}  # fmt: skip
    assert planner.post(f"/circle/circles/{circle}/edit/", sent).status_code == 302
    again = planner.post(f"/circle/circles/{circle}/edit/", sent | {"name": "别的"})
    assert again.status_code == 422 and "别人刚改过" in again.content.decode()
    page = planner.get(f"/circle/circles/{circle}/").content.decode()
    assert "牛街东圈" in page and "市级示范" in page


def test_a_member_joins_and_leaves(circle: int, district: Cast) -> None:
    planner = district.client("planner")
    joined = planner.post(
        f"/circle/circles/{circle}/members", {"kind": "shop", "name": "便民菜店", "joined_on": "2026-01-01"}
    )
    assert joined.status_code == 302
    page = planner.get(f"/circle/circles/{circle}/").content.decode()
    member = int(page.split("/circle/members/")[1].split("/")[0])
    assert planner.post(f"/circle/members/{member}/end", {"left_on": "2026-02-01"}).status_code == 302
    assert "2026-02-01 退出" in planner.get(f"/circle/circles/{circle}/").content.decode()
    refused = planner.post(f"/circle/circles/{circle}/members", {"kind": "shop", "name": " "})
    assert refused.status_code == 422


def test_the_workbook_and_a_designation(circle: int, district: Cast) -> None:
    planner = district.client("planner")
    book = planner.get("/circle/circles.xlsx")
    assert book.status_code == 200 and b"".join(book.streaming_content)[:2] == b"PK"  # type: ignore[attr-defined]
    sent = {"community": EAST, "year": "2026", "state": "met", "evidence": "验收单", "met": ["network", "life"]}
    assert planner.post("/circle/programmes/smart/", sent).status_code == 302
    assert "达到 2 / 4 条" in planner.get("/circle/programmes/smart/").content.decode()
    assert district.client("community-niujie").post("/circle/programmes/smart/", sent).status_code == 403
