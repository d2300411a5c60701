"""Several reports of one thing follow the main case; a split case waits for its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from linli.core.errors import Conflict, Invalid
from linli.flow import relay
from linli.flow.models import Journal, Matter
from linli.organisations import queries as organisations
from linli.response import actions
from linli.response.models import Case

pytestmark = pytest.mark.django_db
Press = Callable[..., Case]


def again(case: Case) -> Case:
    return Case.objects.select_related("matter").get(pk=case.pk)


def grid_team() -> int:
    body = organisations.body_by_code("110102018-grid")
    assert body is not None
    return body.id


def follow() -> None:
    """What the worker does: let the followers hear of every closing."""
    for row in Journal.objects.filter(verb__in=["close", "spare"]).order_by("pk"):
        actions.close_followers(relay.Announcement(0, row.matter_id, "case", row.verb, row.actor))


def to_closed(press: Press, case: Case) -> Case:
    press("dispatcher-niujie", case, "dispatch", body_id=grid_team())
    press("grid-niujie", case, "sign")
    press("grid-niujie", case, "feed_back", text="清了")
    press("verifier", case, "pass")
    return press("verifier", case, "close")


def test_every_reporter_follows_the_main_case_to_its_close(reported: Any, press: Press) -> None:
    main, other = reported(), reported()
    main = press("operator", main, "accept")
    press("operator", other, "merge", extra={"parent": main})
    other, main = again(other), again(main)
    assert other.matter.stage == "merged" and other.matter.parent_id == main.pk
    assert main.report_count == 2
    assert Journal.objects.filter(matter_id=main.pk, verb="joined").count() == 1
    to_closed(press, main)
    follow()
    follow()  # heard twice: nothing happens twice
    other = again(other)
    assert other.matter.stage == "closed" and other.matter.closed_at is not None
    assert Journal.objects.filter(matter_id=other.pk, verb="close_with").count() == 1


def test_a_case_cannot_be_merged_into_itself_or_into_one_that_is_over(reported: Any, press: Press) -> None:
    main, other = press("operator", reported(), "accept"), reported()
    with pytest.raises(Invalid) as own:
        press("operator", other, "merge", extra={"parent": other})
    assert own.value.code == "own_parent"
    closed = to_closed(press, main)
    with pytest.raises(Invalid) as over:
        press("operator", other, "merge", extra={"parent": closed})
    assert over.value.code == "parent_over"
    assert again(other).matter.stage == "reported"


def test_a_merge_and_a_close_at_the_same_moment_do_not_lose_a_reporter(reported: Any, press: Press) -> None:
    """The one who merges looked before the main case went on: the merge is refused whole."""
    main, other = press("operator", reported(), "accept"), reported()
    stale = again(main)
    to_closed(press, main)
    stale.matter.stage = "accepted"
    with pytest.raises(Conflict):
        press("operator", other, "merge", extra={"parent": stale})
    assert again(other).matter.stage == "reported" and again(main).report_count == 1


def test_unmerge_makes_it_a_case_of_its_own_again(reported: Any, press: Press) -> None:
    main, other = press("operator", reported(), "accept"), reported()
    press("operator", other, "merge", extra={"parent": main})
    press("operator", other, "unmerge", text="不是同一处")
    assert again(other).matter.stage == "accepted" and again(other).matter.parent_id is None
    assert again(main).report_count == 1


def test_a_parent_waits_for_its_parts(reported: Any, press: Press) -> None:
    whole = press("operator", reported(), "accept")
    press("dispatcher-niujie", whole, "split", extra={"parts": [("0102", "清运"), ("0103", "平整")]})
    parts = list(Case.objects.select_related("matter").filter(matter__parent_id=whole.pk).order_by("pk"))
    assert [p.matter.stage for p in parts] == ["accepted", "accepted"]
    assert all(p.contact_id is None and p.matter.subdistrict == whole.matter.subdistrict for p in parts)
    with pytest.raises(Conflict) as waiting:
        to_closed(press, again(whole))
    assert waiting.value.code == "children_open"
    for part in parts:
        to_closed(press, part)
    assert press("verifier", again(whole), "close").matter.stage == "closed"
    assert Matter.objects.filter(parent_id=whole.pk, closed_at=None).count() == 0


def test_a_split_needs_two_parts_with_words(reported: Any, press: Press) -> None:
    whole = press("operator", reported(), "accept")
    for parts in ([], [("0102", "清运")], [("0102", "清运"), ("0103", " ")], [("0102", "a"), ("nope", "b")]):
        with pytest.raises(Invalid):
            press("dispatcher-niujie", whole, "split", extra={"parts": parts})
    assert not Matter.objects.filter(parent_id=whole.pk).exists()
