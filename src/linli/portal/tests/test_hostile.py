"""Guessing at receipts, and codes that are no codes."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from linli.core.actor import RESIDENT
from linli.response import actions

pytestmark = pytest.mark.django_db
NIUJIE = (116.3596, 39.8862)


def test_after_too_many_wrong_codes_the_right_one_is_not_told_either(district: Any, settings: Any) -> None:
    settings.PORTAL_LIMITS = {**settings.PORTAL_LIMITS, "follow": [[3, 86400]]}
    receipt = actions.report_case(actor=RESIDENT, report=actions.Report("web", "0102", *NIUJIE, description="垃圾"))
    right, wrong = (f"/follow/{receipt.number}/{code}/" for code in (receipt.code, "A" * 10))
    guesser, reporter = Client(REMOTE_ADDR="192.0.2.7"), Client(REMOTE_ADDR="192.0.2.8")
    assert guesser.get(right).status_code == 200
    assert [guesser.get(wrong).status_code for _n in range(4)] == [404, 404, 404, 429]
    assert guesser.get(right).status_code == 429
    assert reporter.get(right).status_code == 200
    # an address that the caller writes itself is nobody's
    assert guesser.get(right, headers={"x-forwarded-for": "192.0.2.9"}).status_code == 429


@pytest.mark.parametrize("code", ["é" * 10, "查询码", "²" * 10, "A" * 5000])
def test_any_text_is_only_a_wrong_code(district: Any, code: str) -> None:
    receipt = actions.report_case(actor=RESIDENT, report=actions.Report("web", "0102", *NIUJIE, description="垃圾"))
    assert Client().get(f"/follow/{receipt.number}/{code}/").status_code == 404
    assert Client().post("/follow/", {"number": receipt.number, "code": code[:40]}).status_code == 422
    assert Client().post("/follow/", {"number": "²" * 15, "code": code[:40]}).status_code == 422
