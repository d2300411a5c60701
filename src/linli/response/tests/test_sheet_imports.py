"""The stage limits and the ladder by the pages of exchange: preview, refusals, confirming, and back again."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from linli.exchange.models import Upload
from linli.exchange.reading import read_table
from linli.exchange.writing import Sheet, write_xlsx
from linli.response.queries import types as reads
from linli.response.sheet_imports import IMPORTERS
from linli.testing.fixtures import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(district: Cast) -> Client:
    return district.client("administrator")


def rows(kind: str) -> list[dict[str, Any]]:
    return [dict(values) for values in IMPORTERS[kind].current().values()]


def send(admin: Client, kind: str, changed: list[dict[str, Any]]) -> tuple[str, Upload]:
    stream = io.BytesIO()
    write_xlsx([Sheet("表", IMPORTERS[kind].columns(), changed)], stream)
    file = SimpleUploadedFile("表.xlsx", stream.getvalue())
    page = admin.post(f"/settings/import/{kind}/", {"file": file}, follow=True)
    assert page.status_code == 200
    return page.content.decode(), Upload.objects.order_by("-at")[0]


def press(admin: Client, upload: Upload, what: str) -> int:
    expected = IMPORTERS[upload.kind].revision()
    return int(admin.post(f"/settings/import/{upload.kind}/{upload.pk}/{what}", {"expected": expected}).status_code)


@pytest.mark.parametrize("kind", ["limits", "ladder"])
def test_what_is_written_out_is_read_in_as_the_same(admin: Client, district: Cast, kind: str) -> None:
    exported = b"".join(admin.get(f"/settings/sheets/{kind}/table.xlsx").streaming_content)  # type: ignore[attr-defined]
    table = read_table(exported, "a.xlsx", IMPORTERS[kind].columns())
    assert [dict(r.values) for r in table.rows] == rows(kind) and not table.refused and rows(kind)
    assert "文件和现在的内容一样" in send(admin, kind, rows(kind))[0]
    assert district.client("auditor").get(f"/settings/sheets/{kind}/table.xlsx").status_code == 200
    assert district.client("operator").get(f"/settings/sheets/{kind}/table.xlsx").status_code == 403
    assert district.client("auditor").get(f"/settings/import/{kind}/").status_code == 403
    assert f"/settings/import/{kind}/" in admin.get(f"/settings/sheets/{kind}/").content.decode()


@pytest.mark.parametrize("kind", ["limits", "ladder"])
def test_changed_new_and_missing_rows_and_back(admin: Client, kind: str) -> None:
    before, number = reads.sheet_rows(kind), reads.sheet_number(kind)
    first, *rest, last = rows(kind)
    page, upload = send(admin, kind, [first | {"amount": first["amount"] + 1}, *rest])
    assert "改变 1" in page and "停用 1" in page and "新的一版" in page and reads.sheet_rows(kind) == before
    assert press(admin, upload, "confirm") == 302
    after = reads.sheet_rows(kind)
    assert int(after[0]["amount"]) == first["amount"] + 1 and len(after) == len(before) - 1
    assert reads.sheet_number(kind) == number + 1
    assert press(admin, upload, "confirm") == 409
    assert press(admin, upload, "undo") == 302 and reads.sheet_rows(kind) == before
    assert reads.sheet_number(kind) == number + 2 and press(admin, upload, "undo") == 409
    page, upload = send(admin, kind, [first, *rest, last | ({"order": 999} if kind == "ladder" else {})])
    assert ("新增 1" in page) == (kind == "ladder")


def test_a_change_meanwhile_is_a_conflict(admin: Client) -> None:
    first, *rest = rows("limits")
    _page, upload = send(admin, "limits", [first | {"amount": 9}, *rest])
    seen = IMPORTERS["limits"].revision()
    _page, other = send(admin, "limits", [first | {"amount": 8}, *rest])
    assert press(admin, other, "confirm") == 302
    address = f"/settings/import/limits/{upload.pk}/confirm"
    assert admin.post(address, {"expected": seen}).status_code == 409
    assert reads.sheet_rows("limits")[0]["amount"] == "8"


@pytest.mark.parametrize(
    ("kind", "change", "column"),
    [
        ("limits", {"source": " "}, "出处"),
        ("limits", {"stage": "ended"}, "环节"),
        ("limits", {"amount": 0}, "时限"),
        ("ladder", {"trigger": "before_due", "unit": "working_day"}, "单位"),
        ("ladder", {"trigger": "returns", "unit": "", "act": "warn"}, "做什么"),
        ("ladder", {"trigger": "before_due", "unit": "percent", "amount": 100}, "数"),
    ],
)
def test_rows_that_will_not_do_are_refused_with_their_column(
    admin: Client, kind: str, change: dict[str, Any], column: str
) -> None:
    before = reads.sheet_rows(kind)
    first, *rest = rows(kind)
    page, upload = send(admin, kind, [first | change, *rest])
    assert "什么都不会改" in page and f'data-label="列">{column}<' in page
    assert press(admin, upload, "confirm") == 422 and reads.sheet_rows(kind) == before


def test_a_row_twice_is_refused(admin: Client) -> None:
    first, *rest = rows("ladder")
    page, upload = send(admin, "ladder", [first, *rest, first])
    assert "和第 2 行重复" in page and upload.refused_count == 0 and press(admin, upload, "confirm") == 422
