"""The field page and its drafts: 201 once for each key, 422 with fields, 403 when signed out; and the settings pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from linli.core.actor import SYSTEM
from linli.files.models import Upload
from linli.response import actions, queries
from linli.response.catalogue import catalogue
from linli.response.models import Case
from linli.testing.cast import CAST
from linli.testing.fixtures import Cast

from .conftest import NIUJIE, Press
from .test_web_case import grid_team, picture
from .test_web_cases import BUDGETS, sql_of

pytestmark = pytest.mark.django_db
KEY = "4f0c7d0e-8a64-4a57-9a0e-0f4c0f1f2a3b"


def draft(**more: Any) -> dict[str, Any]:
    return {
        "class_pick": "0104", "lon": str(NIUJIE[0]), "lat": str(NIUJIE[1]), "place_source": "device",
        "place_q": "我现在的位置", "description": "路面有渣土", "address": "", **more,
    }  # fmt: skip


def send(client: Client, key: str = KEY, **more: Any) -> Any:
    return client.post("/field/send", draft(**more), headers={"Idempotency-Key": key})


def test_the_field_page_is_the_grid_workers(district: Cast) -> None:
    for person in CAST:
        wanted = 200 if person.kind == "grid_worker" else 403
        client = district.client(person.username)
        assert client.get("/field/").status_code == wanted, person.username
        assert send(client, key=f"{KEY[:-3]}{person.username[0]:0>3}").status_code in (
            (201, 422) if wanted == 200 else (403,)
        )
    assert Client().get("/field/").url.startswith("/login/?next=")
    assert sql_of(district.client("grid-niujie"), "/field/") <= BUDGETS["response:field"]


def test_a_draft_becomes_one_case_however_often_it_is_sent(district: Cast) -> None:
    client = district.client("grid-niujie")
    first = send(client, photo=[picture(), picture()])
    assert first.status_code == 201
    again = send(client, photo=[picture(), picture()])
    assert again.status_code == 201 and again.json()["repeated"] is True
    assert again.json()["number"] == first.json()["number"]
    case = Case.objects.get()
    assert (case.channel, case.place_source, case.photos) == ("field", "device", 2)
    assert Upload.objects.filter(subject=f"case:{case.pk}").count() == 2
    assert client.get(first.json()["url"]).status_code == 200


def test_mended_on_the_spot_is_one_sending(district: Cast) -> None:
    client = district.client("grid-niujie")
    more = {"class_pick": "0102", "mended": "1", "result": "已清理干净。"}
    for shots, field in (({"photo": [picture()]}, "after"), ({"after": [picture()]}, "photo")):
        answer = send(client, **more, **shots)
        assert answer.status_code == 422 and field in answer.json()["fields"]
    wrong = send(client, **{**more, "class_pick": "0110"}, photo=[picture()], after=[picture()])
    assert wrong.status_code == 422 and "当场处理" in str(wrong.json()) and not Case.objects.exists()
    first = send(client, **more, photo=[picture()], after=[picture()])
    again = send(client, **more, photo=[picture()], after=[picture()])
    assert first.status_code == again.status_code == 201 and again.json()["number"] == first.json()["number"]
    case = Case.objects.select_related("matter").get()
    assert case.matter.stage in ("fed_back", "closed") and case.photos == 2 and "已上报并处理" in first.json()["said"]
    page = client.get("/field/").content.decode()
    assert 'data-codes="' in page and "0102" in re.search(r'data-codes="([^"]*)"', page).group(1)  # type: ignore[union-attr]


def test_what_needs_a_look_says_where(district: Cast) -> None:
    client = district.client("grid-niujie")
    for more, field in (
        ({"class_pick": ""}, "class_q"),
        ({"lon": "", "lat": "", "place_q": ""}, "place_q"),
        ({"lon": "121.47", "lat": "31.23"}, "place"),
        ({"description": ""}, "description"),
    ):
        answer = send(client, **more)
        assert answer.status_code == 422 and field in answer.json()["fields"], more
    assert client.post("/field/send", draft()).json()["code"] == "bad_key"
    assert not Case.objects.exists()


def test_signed_out_the_draft_is_refused_in_json(district: Cast) -> None:
    answer = send(Client())
    assert answer.status_code == 403 and answer.json()["code"] == "sign_in"
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = district.client("grid-niujie").cookies
    assert send(strict).status_code == 403
    assert not Case.objects.exists()


def test_the_form_works_without_a_script(district: Cast) -> None:
    client = district.client("grid-niujie")
    said = draft(client_key=KEY, photo=picture(), lon="", lat="", place_q="春风社区")
    answer = client.post("/field/", said)
    assert answer.status_code == 303
    assert (
        queries.number_of_case(Case.objects.select_related("matter").get()) in client.get(answer.url).content.decode()
    )
    wrong = client.post("/field/", draft(class_pick="", description="路面<有>渣土"))
    assert wrong.status_code == 422 and "路面&lt;有&gt;渣土" in wrong.content.decode()


def test_what_waits_is_counted_and_linked(district: Cast, reported: Any, press: Press) -> None:
    case = press("operator", reported(), "accept")
    press("dispatcher-niujie", case, "dispatch", body_id=grid_team())
    text = district.client("grid-niujie").get("/field/").content.decode()
    counts = [int(n) for n in re.findall(r'<span class="v">(\d+)</span>', text)]
    assert sum(counts) == 1 and "?tab=overdue" in text
    assert sum(int(n) for n in re.findall(r'<span class="v">(\d+)</span>',
               district.client("grid-desheng").get("/field/").content.decode())) == 0  # fmt: skip


def test_the_kept_page_names_nobody(district: Cast) -> None:
    text = Client().get("/field/offline/").content.decode()
    assert "李卫东" not in text and "csrfmiddlewaretoken" not in text and 'id="field"' in text
    script = Client().get("/field/worker.js")
    assert script["Content-Type"].startswith("text/javascript")
    assert '"/field/offline/"' in script.content.decode() and 'credentials: "omit"' in script.content.decode()


# --- what the chain is steered by -------------------------------------------------------------------------------
@pytest.mark.parametrize("page", ["/settings/routes/", "/settings/classes/"])
def test_settings_are_read_by_administrator_auditor_and_dispatcher(district: Cast, page: str) -> None:
    for person in CAST:
        wanted = 200 if person.kind in ("administrator", "auditor", "dispatcher") else 403
        assert district.client(person.username).get(page).status_code == wanted, person.username
    name = "response:routes" if "routes" in page else "response:classes"
    assert sql_of(district.client("auditor"), page) <= BUDGETS[name]


def test_gaps_are_listed_by_class(district: Cast) -> None:
    rows = (settings.PACK / "routes.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    actions.load_routes(actor=SYSTEM, text="".join(r for r in rows if ",04," not in r and ",0404," not in r))
    missing = {gap.class_code for gap in queries.route_gaps(catalogue())}
    text = district.client("auditor").get("/settings/routes/coverage").content.decode()
    assert "0404" in missing and all(code in text for code in missing)


def test_every_class_shows_its_limit_and_where_it_comes_from(district: Cast) -> None:
    text = district.client("administrator").get("/settings/classes/").content.decode()
    views = catalogue().by_code.values()
    assert all(view.code in text for view in views)
    assert text.count("暂定") >= sum(v.limit_provenance == "provisional" for v in views)


def test_the_page_of_the_interface_shows_every_operation(district: Cast) -> None:
    from linli.config.api import api

    for client in (Client(), district.client("administrator")):
        text = client.get("/api/").content.decode()
        for path, methods in api.get_openapi_schema()["paths"].items():
            assert path in text and all(m.upper() in text for m in methods)
        assert "curl" in text and "Bearer $TOKEN" in text
        assert not re.search(r"<script(?![^>]*src=)", text)
