"""The page of plain rows that programs read is the page that people see."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from linli.accounts.models import Account
from linli.response import queries
from linli.response.models import Case
from linli.response.queries import CaseFilter, CaseRow
from linli.testing.fixtures import Cast

from .conftest import Press

pytestmark = pytest.mark.django_db


def test_rows_are_the_models_page_after_page(reported: Callable[..., Case], press: Press, district: Cast) -> None:
    cases = [reported() for _ in range(3)]
    press("operator", cases[0], "accept")
    operator = district.actor("operator")
    after, seen = "", []
    for _ in range(2):
        rows, following = queries.case_rows(operator, CaseFilter(), after=after, limit=2)
        page = queries.case_page(operator, CaseFilter(), after=after, limit=2)
        assert rows == [CaseRow.of(operator, case) for case in page.rows] and following == page.next_after
        after, seen = following, seen + [row.id for row in rows]
    assert seen == [case.pk for case in reversed(cases)] and after == ""
    assert queries.case_rows(district.actor("chief-desheng"), CaseFilter()) == ([], "")


def test_a_case_reads_the_same_in_the_list_and_alone(
    reported: Callable[..., Case], district: Cast, client: Client
) -> None:
    case = reported()
    client.force_login(Account.objects.get(pk=district.actor("operator").id))
    listed = client.get("/api/v1/cases").json()["cases"]
    assert listed == [client.get(f"/api/v1/cases/{queries.number_of_case(case)}").json()]
    assert listed[0]["opened_at"].endswith("Z") and listed[0]["closed_at"] is None


def test_a_parent_out_of_scope_is_not_told(
    reported: Callable[..., Case], press: Press, district: Cast, client: Client
) -> None:
    main, other = reported(), reported()
    main, number = press("operator", main, "accept"), queries.number_of_case(main)
    press("operator", other, "merge", extra={"parent": main})

    def told(username: str) -> set[str]:
        client.force_login(Account.objects.get(pk=district.actor(username).id))
        alone = client.get(f"/api/v1/cases/{queries.number_of_case(other)}").json()["parent"]
        listed = client.get("/api/v1/cases?stage=merged").json()["cases"][0]["parent"]
        return {alone, listed}

    assert told("dispatcher-niujie") == {number}
    # the main case moves to where this dispatcher sees nothing: a number in another's list is still a number
    type(main.matter).objects.filter(pk=main.pk).update(subdistrict="110102007", community="", area="110102007")
    assert told("dispatcher-niujie") == {""} and told("operator") == {number}
