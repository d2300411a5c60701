"""The body that works on a case may see the contact while it works, and only if that was agreed to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from linli.organisations import queries as organisations
from linli.response import permissions
from linli.response.models import Case
from linli.testing.fixtures import Cast
from linli.vault import queries as vault

pytestmark = pytest.mark.django_db
Press = Callable[..., Case]


def in_hand(reported: Any, press: Press, consent: str) -> Case:
    body = organisations.body_by_code("110102-drainage")
    assert body is not None
    case = reported(class_code="0404", phone="13800138000", consent=consent)
    press("operator", case, "accept")
    press("dispatcher-niujie", case, "dispatch", body_id=body.id)
    return press("handler-drainage", case, "sign")


def test_only_while_it_works_and_only_with_consent(reported: Any, press: Press, district: Cast) -> None:
    handler, stranger = district.actor("handler-drainage"), district.actor("handler-landscaping")
    case = in_hand(reported, press, vault.consent_for("case_contact").version)
    assert permissions.can_read_contact(handler, case.matter)
    assert not permissions.can_read_contact(stranger, case.matter)
    press("handler-drainage", case, "feed_back", text="修好了")
    after = Case.objects.select_related("matter").get(pk=case.pk)
    assert not permissions.can_read_contact(handler, after.matter)


def test_who_agreed_to_less_is_not_shown_to_more(reported: Any, press: Press, district: Cast) -> None:
    case = in_hand(reported, press, "case_contact-1")
    refused = permissions.can_read_contact(district.actor("handler-drainage"), case.matter)
    assert refused.code == "contact_not_agreed"
    page = district.client("handler-drainage").get(f"/cases/{_number(case)}/").content.decode()
    assert "13800138000" not in page and "没有同意办理单位查看" in page


def _number(case: Case) -> str:
    from linli.response.queries import number_of_case

    return number_of_case(case)
