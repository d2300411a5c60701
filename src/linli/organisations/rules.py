"""Reading a table of bodies: bytes to rows, and what is wrong with each. Pure: no database."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from .choices import BodyKind

COLUMNS = ("code", "name", "short_name", "kind", "division")
OPTIONAL = ("provisional", "source")
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{1,31}", re.ASCII)
DIVISION = re.compile(r"[0-9]{6}(?:[0-9]{3}){0,2}", re.ASCII)
MAX_BYTES = 5_000_000
_TRUE, _FALSE = {"1", "true", "yes", "是"}, {"", "0", "false", "no", "否"}


@dataclass(frozen=True, slots=True)
class Row:
    """One body as written; `line` is the line of the file where its row ends."""

    line: int
    code: str
    name: str
    short_name: str
    kind: str
    division: str
    provisional: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a line was refused. `line` 0 speaks of the whole file."""

    line: int
    field: str
    value: str
    reason: Any


def decode(data: bytes) -> str:
    """UTF-8 with or without BOM, UTF-16 with BOM, else gb18030. Raises UnicodeDecodeError."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030").removeprefix("\ufeff")


def read_rows(data: bytes) -> tuple[list[Row], list[Problem]]:
    """Every row, and every problem found in any of them."""
    if len(data) > MAX_BYTES:
        return [], [Problem(0, "", "", _("文件超过 5 MB。"))]
    try:
        text = decode(data)
    except UnicodeDecodeError:
        return [], [Problem(0, "", "", _("文件的编码无法识别，请存为 UTF-8 或 GB18030。"))]
    if "\x00" in text:
        return [], [Problem(0, "", "", _("文件里有空字符，不是文本表格。"))]
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    problems: list[Problem] = []
    first_line: dict[str, int] = {}
    try:
        if missing := [c for c in COLUMNS if c not in (reader.fieldnames or ())]:
            return [], [Problem(1, c, "", _("缺少这一列。")) for c in missing]
        for record in reader:
            row, wrong = _row(reader.line_num, record)
            if earlier := first_line.get(row.code):
                wrong.append(Problem(row.line, "code", row.code, _("代码与第 %(line)d 行重复。") % {"line": earlier}))
            first_line.setdefault(row.code, row.line)
            rows.append(row)
            problems.extend(wrong)
    except csv.Error as error:
        problems.append(Problem(reader.line_num, "", str(error), _("这一行不是正确的 CSV。")))
    return rows, problems


def _row(line: int, record: Mapping[str | None, Any]) -> tuple[Row, list[Problem]]:
    wrong: list[Problem] = []
    if record.get(None):
        wrong.append(Problem(line, "", "", _("这一行的列比表头多。")))
    cell = {c: (record.get(c) or "").strip() for c in (*COLUMNS, *OPTIONAL)}
    flag = cell["provisional"].lower()
    if flag not in _TRUE | _FALSE:
        wrong.append(Problem(line, "provisional", cell["provisional"], _("请填 1 或 0。")))
    row = Row(
        line,
        cell["code"],
        cell["name"],
        cell["short_name"] or cell["name"][:24],
        cell["kind"],
        cell["division"],
        flag in _TRUE,
        cell["source"],
    )
    wrong.extend(Problem(line, name, value, reason) for name, value, reason in check_body(row))
    return row, wrong


def check_body(row: Row) -> list[tuple[str, str, Any]]:
    """What is wrong with one body: (field, value, reason)."""
    wrong: list[tuple[str, str, Any]] = []
    if not CODE.fullmatch(row.code):
        wrong.append(("code", row.code[:64], _("代码须为 2 至 32 位字母、数字或连字符。")))
    for name, value, limit in (("name", row.name, 80), ("short_name", row.short_name, 24)):
        if not value:
            wrong.append((name, value, _("不能为空。")))
        elif len(value) > limit:
            wrong.append((name, value[:64], _("不能超过 %(limit)d 个字。") % {"limit": limit}))
        elif not value.isprintable():
            wrong.append((name, repr(value[:64]), _("含有不可见的字符。")))
    if row.kind not in BodyKind.values:
        wrong.append(("kind", row.kind[:64], _("没有这种单位类别。")))
    if not DIVISION.fullmatch(row.division):
        wrong.append(("division", row.division[:64], _("区划编码须为 6、9 或 12 位数字。")))
    if len(row.source) > 200:
        wrong.append(("source", row.source[:64], _("不能超过 %(limit)d 个字。") % {"limit": 200}))
    return wrong
