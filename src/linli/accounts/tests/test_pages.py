"""The settings pages: whom they admit, what they show, how much they ask of the database."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from linli.accounts import actions, queries, urls
from linli.accounts.models import Account, PostHeld
from linli.core.actor import SYSTEM
from linli.organisations import queries as organisations
from linli.site import limits
from linli.testing import cast as people
from linli.testing.fixtures import Cast

ADMIN = [
    "/settings/accounts/", "/settings/accounts/new/", "/settings/accounts/{id}/", "/settings/accounts/{id}/posts/new/",
    "/settings/accounts/{id}/posts/new/?kind=handler", "/settings/accounts/{id}/posts/new/?kind=operator",
    "/settings/tokens/", "/settings/bodies/", "/settings/bodies/new/", "/settings/bodies/load/", "/settings/bodies/{body}/",
]  # fmt: skip
POSTS = [
    "/settings/accounts/{id}/name/", "/settings/accounts/{id}/active/", "/settings/accounts/{id}/password/",
    "/settings/accounts/{id}/posts/{post}/end/", "/settings/tokens/{token}/revoke/",
]  # fmt: skip
BUDGET = 8  # session, account and posts included


def fill(address: str, cast: Cast) -> str:
    account = cast.id("grid-niujie")
    post = PostHeld.objects.get(account_id=account).pk
    body = organisations.body_by_code("110102018").id
    return address.format(id=account, post=post, body=body, token=1)


@pytest.mark.parametrize("address", ADMIN)
def test_settings_pages_are_the_administrators(cast: Cast, address: str) -> None:
    address = fill(address, cast)
    boss = cast.client("administrator")
    organisations.bodies()
    with CaptureQueriesContext(connection) as sql:
        page = boss.get(address)
    assert page.status_code == 200
    assert len(sql) <= BUDGET, [q["sql"][:90] for q in sql]
    assert len(re.findall("<h1", page.content.decode())) == 1
    assert not re.search(r'style="|<style|onclick', page.content.decode())
    for other in ("operator", "auditor", "chief", "verifier"):
        refused = cast.client(other).get(address)
        assert refused.status_code == 403 and "管理员" in refused.content.decode()
    assert Client().get(address).url.startswith("/login/?next=")


@pytest.mark.parametrize("address", POSTS)
def test_changes_are_the_administrators(cast: Cast, address: str) -> None:
    address = fill(address, cast)
    assert cast.client("administrator").get(address).status_code == 405
    assert cast.client("auditor").post(address).status_code == 403
    assert Client().post(address).url == "/login/"


def test_every_address_is_in_these_lists() -> None:
    known = {"/" + re.sub(r"<int:(\w+)>", r"{\1}", str(p.pattern)) for p in urls.urlpatterns}
    named = {a.split("?")[0].replace("{id}", "{account_id}").replace("{post}", "{post_id}").replace("{body}", "{body_id}")
             .replace("{token}", "{token_id}") for a in (*ADMIN, *POSTS)}  # fmt: skip
    open_to_staff = {
        "/login/",
        "/logout/",
        "/start/",
        "/me/",
        "/me/password/",
        "/settings/",
        "/settings/audit/",
        "/settings/limits/",
    }
    assert known == named | open_to_staff


def test_settings_landing_lists_only_what_opens(cast: Cast) -> None:
    boss = cast.client("administrator").get("/settings/").content.decode()
    auditor = cast.client("auditor").get("/settings/").content.decode()
    assert "/settings/tokens/" in boss and "/settings/audit/" in boss
    assert "/settings/audit/" in auditor and "/settings/tokens/" not in auditor
    assert cast.client("operator").get("/settings/").status_code == 403


def test_audit_page(cast: Cast) -> None:
    boss = cast.actor("administrator")
    for n in range(60):
        actions.rename_account(actor=boss, account_id=cast.id("desk"), display_name=f"改名{n}")
    actions.give_post(actor=boss, account_id=cast.id("desk"), kind="verifier", division="110102")
    client = cast.client("auditor")
    with CaptureQueriesContext(connection) as sql:
        page = client.get("/settings/audit/")
    text = page.content.decode()
    assert page.status_code == 200 and len(sql) <= BUDGET
    assert "授予岗位" in text and "核查员" in text and boss.name in text
    older = re.search(r'href="(\?before=\d+)"', text)
    assert older and client.get(f"/settings/audit/{older[1]}").content.decode().count("修改姓名") > 5
    for bad in ("?before=x", "?before=" + "9" * 40, "?before=-1", "?verb=nonsense", "?before=９"):
        assert client.get(f"/settings/audit/{bad}").status_code == 200
    assert cast.client("operator").get("/settings/audit/").status_code == 403


def test_accounts_are_paged_by_key_and_found(cast: Cast) -> None:
    people.cast_for_load(actor=SYSTEM)
    client = cast.client("administrator")
    assert "模拟" not in "".join(
        re.findall(r'<th scope="row">.*?</th>', client.get("/settings/accounts/").content.decode())
    )
    seen, address = [], "?simulated=1"
    while address:
        with CaptureQueriesContext(connection) as sql:
            text = client.get(f"/settings/accounts/{address}").content.decode()
        assert len(sql) <= BUDGET
        seen += re.findall(r'href="/settings/accounts/(\d+)/"', text)
        match = re.search(r'href="(\?[^"]*before=\d+)" rel="next"', text)
        address = match[1].replace("&amp;", "&") if match else ""
    assert len(seen) == len(set(seen)) == Account.objects.count()
    assert "李卫东" in client.get("/settings/accounts/?q=李卫").content.decode()
    assert "没有找到账号" in client.get("/settings/accounts/?q=%00%25").content.decode()


def test_an_account_from_nothing_to_a_post(cast: Cast) -> None:
    client = cast.client("administrator")
    page = client.post("/settings/accounts/new/", {"username": "newcomer", "display_name": "新来的"})
    secret = re.search(r'id="secret">([^<]+)<', page.content.decode())[1]
    account = Account.objects.get(username="newcomer")
    assert account.check_password(secret) and account.must_change_password
    assert "no-store" in page["Cache-Control"]
    again = client.post("/settings/accounts/new/", {"username": "newcomer", "display_name": "新来的"})
    assert again.status_code == 422 and "已经有人使用" in again.content.decode()
    address = f"/settings/accounts/{account.pk}/posts/new/?kind=handler"
    body = organisations.body_by_code("110102-tap-water").id
    assert client.post(address, {"division": "110102", "body": ""}).status_code == 422
    actions_before = queries.actor_for(account.pk).posts
    from linli.territory import queries as territory

    if not territory.is_loaded():
        assert actions_before == () and client.post(address, {"division": "110102", "body": body}).status_code == 422
        post = actions.give_post(actor=SYSTEM, account_id=account.pk, kind="handler", division="110102", body_id=body)
    else:
        assert client.post(address, {"division": "110102", "body": body}).status_code == 302
        post = queries.actor_for(account.pk).posts[0].id
    shown = client.get(f"/settings/accounts/{account.pk}/").content.decode()
    assert "承办员" in shown and "自来水" in shown
    assert client.post(f"/settings/accounts/{account.pk}/posts/{post}/end/").status_code == 302
    assert queries.actor_for(account.pk).posts == ()
    assert "已结束的岗位" in client.get(f"/settings/accounts/{account.pk}/").content.decode()
    reset = client.post(f"/settings/accounts/{account.pk}/password/").content.decode()
    assert Account.objects.get(pk=account.pk).check_password(re.search(r'id="secret">([^<]+)<', reset)[1])
    client.post(f"/settings/accounts/{account.pk}/active/", {"active": "0"})
    assert not Account.objects.get(pk=account.pk).is_active


def test_the_last_administrator_is_told_so(cast: Cast) -> None:
    account = cast.id("administrator")
    page = cast.client("administrator").post(f"/settings/accounts/{account}/active/", {"active": "0"}, follow=True)
    assert "最后一位管理员" in page.content.decode() and Account.objects.get(pk=account).is_active


def test_a_token_is_shown_once(cast: Cast) -> None:
    client = cast.client("administrator")
    form = {"username": "Operator", "name": "呼叫中心", "scopes": ["operator"], "days": "30"}
    text = client.post("/settings/tokens/", form).content.decode()
    secret = re.search(r'id="secret">([^<]+)<', text)[1]
    assert queries.actor_for_token(secret).holds({"operator"})
    listed = client.get("/settings/tokens/").content.decode()
    assert secret not in listed and "呼叫中心" in listed
    for wrong in (
        {"username": "nobody"},
        {"days": "9999"},
        {"scopes": ["administrator"]},
        {"scopes": []},
        {"name": ""},
    ):
        page = client.post("/settings/tokens/", {**form, **wrong})
        assert page.status_code == 422
    token = re.search(r"/settings/tokens/(\d+)/revoke/", listed)[1]
    client.post(f"/settings/tokens/{token}/revoke/")
    assert queries.actor_for_token(secret) is None
    assert client.post(f"/settings/tokens/{token}/revoke/", follow=True).status_code == 200
    assert client.post(f"/settings/tokens/{10**15}/revoke/").status_code == 404


def test_bodies_are_renamed_merged_after_a_preview_and_loaded(cast: Cast) -> None:
    client = cast.client("administrator")
    water, drains = (organisations.body_by_code(f"110102-{c}").id for c in ("tap-water", "drainage"))
    page = f"/settings/bodies/{water}/"
    assert client.post(page, {"step": "rename", "name": "", "short_name": "x"}).status_code == 422
    assert client.post(page, {"step": "rename", "name": "供水集团", "short_name": "供水"}).status_code == 302
    preview = client.post(page, {"step": "preview", "into": drains}).content.decode()
    assert "确认合并" in preview and "郑海" in preview and organisations.resolve(water) == water
    assert client.post(page, {"step": "merge", "into": drains}).status_code == 302
    assert organisations.resolve(water) == drains
    assert client.post(page, {"step": "merge", "into": drains}).status_code == 422
    assert "已并入" in client.get(page).content.decode()
    bad = SimpleUploadedFile("b.csv", b"code,name,short_name,kind,division\n!,x,x,department,110102\n")
    refused = client.post("/settings/bodies/load/", {"file": bad})
    assert refused.status_code == 422 and "一行也没有导入" in refused.content.decode()
    text = "code,name,short_name,kind,division\n110102-new,新单位,新单位,department,110102\n".encode("gb18030")
    assert client.post("/settings/bodies/load/", {"file": SimpleUploadedFile("b.csv", text)}).status_code == 302
    assert organisations.body_by_code("110102-new").name == "新单位"
    for missing in (10**15, 0):
        assert client.get(f"/settings/bodies/{missing}/").status_code == 404
    assert client.get("/settings/bodies/?q=%00x&kind=nonsense").status_code == 200


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_own_page(cast: Cast, language: str) -> None:
    client = cast.client("grid-niujie")
    client.cookies["linli_language"] = language
    with CaptureQueriesContext(connection) as sql:
        page = client.get("/me/")
    assert page.status_code == 200 and "李卫东" in page.content.decode() and len(sql) <= BUDGET
    assert cast.client("chief").get("/start/").status_code == 302


def test_the_simulated_staff_can_do_every_step_everywhere(cast: Cast) -> None:
    staff = people.cast_for_load(actor=SYSTEM)
    again = people.cast_for_load(actor=SYSTEM)
    assert staff.actors.keys() == again.actors.keys()
    for b in organisations.bodies():
        assert b.id in staff.handler(b.id).bodies({"handler", "grid_worker"})
    for office in organisations.bodies(kinds={"subdistrict_office"}):
        code = office.division
        assert staff.dispatcher(code).holds({"dispatcher"}, code) and staff.desk(code).holds({"desk"}, code)
        assert staff.grid_worker(code).holds({"grid_worker"}, code) and staff.chief(code).holds({"subdistrict_chief"})
        assert staff.subdistrict_verifier(code).holds({"verifier"}, code)
    assert len({staff.verifier().id for _ in range(6)}) == 3 == len({staff.operator().id for _ in range(6)})
    assert not Account.objects.filter(is_simulated=True, is_demonstration=False).exists()
    assert not any(a.has_usable_password() for a in Account.objects.filter(is_simulated=True))


def test_the_page_of_limits_says_how_long_how_often_and_who_says_so(cast: Cast) -> None:
    for member in ("administrator", "auditor"):
        page = cast.client(member).get("/settings/limits/").content.decode()
        assert all(str(name.label) in page for name in (*limits.Kept, *limits.Span, *limits.Rate))
        assert (
            "90 天" in page
            and "1 分内 20,000 次" in page
            and "60 天" in page
            and "第五十六条" in page
            and "待核对" in page
        )
    assert cast.client("operator").get("/settings/limits/").status_code == 403
