"""The page of who acts together now: what each post sees, and what is refused."""

from __future__ import annotations

import pytest

from linli.testing.fixtures import Cast


@pytest.mark.parametrize("who", ["chief", "chief-niujie", "operator", "dispatcher", "auditor"])
def test_each_post_of_a_board_has_its_page(district: Cast, who: str) -> None:
    page = district.client(who).get("/command/together/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "现在值班" in text
    assert ("在等的吹哨" in text) == (who != "operator")


def test_another_subdistrict_is_not_there(district: Cast) -> None:
    client = district.client("chief-niujie")
    assert client.get("/command/together/?division=110102018").status_code == 200
    assert client.get("/command/together/?division=110102010").status_code == 404
    assert client.get("/command/together/?division=110102").status_code == 404
    assert client.get("/command/together/?division=x").status_code == 404
    assert district.client("handler-water").get("/command/together/").status_code == 403
