"""Nobody who reads English meets a Chinese name of a class or of its group; who edits types sees both on purpose."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings

from linli.core.actor import RESIDENT
from linli.response import actions, queries
from linli.response.catalogue import catalogue
from linli.response.models import Case
from linli.testing.fixtures import Cast

from .conftest import NIUJIE, Press

pytestmark = pytest.mark.django_db


@pytest.fixture
def look(district: Cast) -> Callable[[str, str], str]:
    """look(who, address): the page in English."""

    def get(username: str, address: str) -> str:
        browser = district.client(username)
        browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        answer = browser.get(address)
        assert answer.status_code == 200 and answer["Content-Language"] == "en", address
        return str(answer.content.decode())

    return get


def test_the_names_of_classes_are_english_in_english(
    look: Callable[[str, str], str], reported: Callable[..., Case], press: Press
) -> None:
    case = press("operator", reported(phone="13800138000", consent="case_contact-1"), "accept")
    number, view = queries.number_of_case(case), queries.class_of(case)
    other = actions.report_case(
        actor=RESIDENT,
        report=actions.Report("web", "0102", *NIUJIE, description="垃圾。"),
    )
    press("operator", Case.objects.select_related("matter").get(pk=other.matter_id), "merge", extra={"parent": case})
    pages = {
        "administrator": ["/settings/classes/", f"/settings/classes/{view.code}/", "/settings/routes/",
                          "/settings/routes/coverage"],
        "operator": [f"/cases/{number}/", "/cases/", "/desk/"],
        "dispatcher": ["/inbox/", f"/cases/{number}/", "/shares/"],
        "grid-niujie": ["/field/"],
    }  # fmt: skip
    for who, addresses in pages.items():
        for address in addresses:
            page = look(who, address)
            heads = {v.top_name_zh for v in catalogue().by_code.values()} | {view.name_zh}
            found = [name for name in heads if f">{name}<" in page or f"> {name}<" in page or f"› {name}<" in page]
            assert not found, (who, address, found)
    assert view.top_name_en in look("administrator", f"/settings/classes/{view.code}/")


def test_a_group_is_found_by_either_name(look: Callable[[str, str], str]) -> None:
    view = queries.class_by_code("0102")
    assert view is not None
    for words in (view.top_name_en.lower(), view.top_name_zh):
        assert view.name_en in look("administrator", f"/settings/classes/?q={words}")
