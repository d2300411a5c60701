"""Pages of the nets, their mergers and the catalogue, by the posts that use them."""

from __future__ import annotations

import io
import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from linli.core.actor import SYSTEM
from linli.ground.actions import catalogue, layers
from linli.ground.choices import Finding, Net
from linli.ground.models import GridMatterCatalogue, MergeLine, NetLayer
from linli.ground.tests.net_samples import by_community, compared, file_of, tell, two
from linli.territory import queries as territory
from linli.testing.fixtures import Cast

NETS, MATTERS = "/ground/nets/", "/ground/matters/"


def test_a_file_is_brought_looked_at_and_confirmed(district: Cast) -> None:
    client = district.client("administrator")
    assert "还没有导入图层" in client.get(NETS).content.decode()
    rows: list[Any] = [*by_community(two), ({"code": "x1", "body": "没有这个单位"}, by_community(two)[0][1])]
    bad = client.post(f"{NETS}new/", {"net": Net.CITY, "name": ""})
    assert bad.status_code == 422 and "data-error-summary" in bad.content.decode()
    file = SimpleUploadedFile("net.geojson", file_of(rows))
    answer = client.post(
        f"{NETS}new/", {"net": Net.CITY, "name": "城市管理网格", "file": file, "provenance": "provisional"}
    )
    row = NetLayer.objects.get()
    assert answer.status_code == 302 and answer["Location"] == f"{NETS}{row.pk}/"
    assert 'id="job"' in client.get(answer["Location"]).content.decode()
    layers.read_layer(layer_id=row.pk, tell=tell)
    page = client.get(f"{NETS}{row.pk}/?q=110102018").content.decode()
    assert "没有采用的行" in page and "没有这个单位" in page
    assert client.post(f"{NETS}{row.pk}/act/", {"verb": "confirm"}).status_code == 302
    assert client.post(f"{NETS}{row.pk}/act/", {"verb": "confirm"}).status_code == 409
    assert client.post(f"{NETS}{row.pk}/act/", {"verb": "eat"}).status_code == 422
    assert len(json.loads(client.get(f"{NETS}{row.pk}/map.json").content)["features"]) == len(rows) - 1
    for form in ("geojson", "gpkg"):
        assert client.get(f"{NETS}{row.pk}/cells.{form}").status_code == 200
    assert client.get(f"{NETS}{row.pk}/cells.exe").status_code == 404
    book = load_workbook(io.BytesIO(client.get(f"{NETS}{row.pk}/refused.xlsx").getvalue()))
    assert any("没有这个单位" in str(c.value) for line in book.worksheets[0] for c in line)
    assert district.client("auditor").post(f"{NETS}{row.pk}/act/", {"verb": "undo"}).status_code == 403
    assert client.post(f"{NETS}{row.pk}/act/", {"verb": "undo"}).status_code == 302


def test_a_merger_is_decided_on_its_page(district: Cast) -> None:
    merger = compared()
    client = district.client("administrator")
    base = f"/ground/mergers/{merger.pk}/"
    page = client.get(base).content.decode()
    assert "定了多少" in page and "界线与单元网格一致" in page and merger.name in page
    assert merger.name in client.get(NETS).content.decode()
    assert "还没有融合生效" in client.get(NETS, {"code": territory.grid_codes()[0]}).content.decode()
    assert "没有这个编码" in client.get(NETS, {"code": "1"}).content.decode()
    for what in ("grids", "borders"):
        assert json.loads(client.get(f"{base}map.json?net={Net.SERVICE}&what={what}").content)["features"]
    several = {"net": Net.SERVICE, "finding": Finding.SEVERAL, "state": "open"}
    listed = client.get(f"{base}lines/", several)
    line = listed.context["lines"][0]
    here = f"net={Net.SERVICE}&finding={Finding.SEVERAL}&state=open"
    asked = {"line": line.id, "seen": 0, "body": "none", "here": here, "reason": ""}
    wrong = client.post(f"{base}decide/", asked)
    assert wrong.status_code == 422 and "请写原因" in wrong.content.decode()
    assert client.post(f"{base}decide/", {**asked, "body": line.claims[0].body_code}).status_code == 302
    assert client.post(f"{base}decide/", {**asked, "body": line.claims[0].body_code}).status_code == 409
    other = client.get(f"{base}lines/", several).context["lines"][0]
    name = other.claims[1].body
    done = client.post(f"{base}decide/", {**asked, "line": other.id, "body": "other", "other": name})
    assert done.status_code == 302 and MergeLine.objects.get(pk=other.id).decided
    many = client.post(f"{base}decide-many/", {"all": "1", "here": f"net={Net.SERVICE}", "reason": "占得最多"})
    assert many.status_code == 302 and f"net={Net.SERVICE}" in many["Location"]
    assert (
        not MergeLine.objects.filter(merger=merger, net=Net.SERVICE, decided=False)
        .exclude(finding=Finding.NONE)
        .exists()
    )
    early = client.post(f"{base}act/", {"verb": "submit", "version": merger.matter.version})
    assert early.status_code == 422 and "没有定" in early.content.decode()
    book = load_workbook(io.BytesIO(client.get(f"{base}table.xlsx?net={Net.SERVICE}").getvalue()), read_only=True)
    assert len(book.sheetnames) == 3
    auditor = district.client("auditor")
    assert auditor.get(f"{base}lines/").status_code == 200
    assert auditor.post(f"{base}decide/", asked).status_code == 403
    assert client.get("/ground/mergers/999999/").status_code == 404


def test_a_merger_is_begun_on_its_page(district: Cast) -> None:
    client = district.client("administrator")
    assert client.post("/ground/mergers/new/", {"name": "甲", "share": "10", "tolerance_m": "10"}).status_code == 422
    assert client.get("/ground/mergers/new/").status_code == 200


def test_the_catalogue_is_read_changed_and_published(district: Cast) -> None:
    client = district.client("administrator")
    assert "还没有管理内容" in client.get(MATTERS).content.decode()
    catalogue.load_matters(actor=SYSTEM)
    page = client.get(MATTERS, {"net": Net.SECURITY})
    assert page.status_code == 200 and page.context["rows"]
    first = catalogue.rows_of(GridMatterCatalogue.objects.get().pk)[0]
    one = client.get(f"{MATTERS}1/{first.code}/").content.decode()
    assert first.name in one and first.process[0][0] in one and 'class="process"' in one
    assert client.get(f"{MATTERS}1/none/").status_code == 404 and client.get(f"{MATTERS}?v=99").status_code == 404
    assert client.post(f"{MATTERS}act/", {"verb": "start"}).status_code == 302
    edit = f"{MATTERS}draft/{first.code}/"
    fields = {
        "code": first.code,
        "name": "",
        "object": "place",
        "subject": "territorial",
        "provenance": "provisional",
        "revision": 0,
    }
    assert client.get(edit).status_code == 200
    assert client.post(edit, fields).status_code == 422
    assert client.post(edit, {**fields, "name": "新名称", "steps": "甲：看：当天"}).status_code == 302
    stale = client.post(edit, {**fields, "name": "又一个"})
    assert stale.status_code == 422 and "又一个" in stale.content.decode()
    told = client.get(f"{MATTERS}difference/").content.decode()
    assert "新名称" in told and "自己提请的" in told
    assert client.post(f"{MATTERS}act/", {"verb": "publish", "revision": 1}).status_code == 403
    assert client.post(f"{MATTERS}draft/{first.code}/drop/", {"revision": 1}).status_code == 302
    chief = district.client("chief")
    assert chief.post(f"{MATTERS}act/", {"verb": "publish", "revision": 0}).status_code == 409
    assert chief.post(f"{MATTERS}act/", {"verb": "publish", "revision": 2, "note": "核定"}).status_code == 302
    assert GridMatterCatalogue.objects.get(state="in_force").number == 2
