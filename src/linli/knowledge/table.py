"""Articles and the tree as CSV: columns, reading with a sentence for every row that will not do, writing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from linli.core.errors import Invalid
from linli.organisations import queries as organisations

from . import rules
from .choices import Audience, Provenance, State
from .rules import Content

MOST_BYTES = 20_000_000
MOST_ROWS = 20_000
COLUMNS = (
    "code", "question", "answer", "spoken", "keywords", "category", "audience", "division", "owner_body", "source",
    "source_url", "provenance", "review_on", "valid_from", "valid_to", "state",
)  # fmt: skip
NEEDED = ("code", "question", "answer", "category")
_TEXTS = ("question", "answer", "category", "spoken", "keywords", "source", "source_url", "division")


@dataclass(frozen=True, slots=True)
class Line:
    """One row, typed. `review_on` None: the one there is, or half a year from now."""

    code: str
    content: Content
    owner: str
    review_on: date | None
    published: bool


def decode(data: bytes) -> str:
    """UTF-8 with or without BOM, UTF-16 with BOM, else GB18030. Raises Invalid."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("bad_encoding", _("文件不是 UTF-8 或 GB18030 编码的文本。"))


def read(data: bytes) -> list[dict[str, str]]:
    """The rows of a CSV by column. Raises Invalid when it is no such table."""
    if len(data) > MOST_BYTES:
        raise Invalid("too_large", _("文件超过 20 MB。"))
    text = decode(data).replace("\0", "")
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""))
        columns = [(c or "").strip() for c in reader.fieldnames or ()]
        missing = [c for c in NEEDED if c not in columns]
        if missing:
            raise Invalid("bad_columns", _("表头缺少这些列：%(names)s。") % {"names": _("、").join(missing)})
        reader.fieldnames = columns
        rows = []
        for row in reader:
            rows.append({k: _unquoted(v) for k, v in row.items() if k in COLUMNS and isinstance(v, str | None)})
            if len(rows) > MOST_ROWS:
                raise Invalid("too_many_rows", _("一次最多导入 %(n)s 行。") % {"n": MOST_ROWS})
        return rows
    except csv.Error as error:
        raise Invalid("bad_table", _("文件不是完整的 CSV：%(why)s") % {"why": str(error)[:80]}) from error


def _unquoted(cell: str | None) -> str:
    """Our own export puts a quote before what a spreadsheet would take for a formula."""
    text = (cell or "").strip()
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text


Fault = tuple[str, Any]
"""A column and a sentence."""


def typed(
    rows: Iterable[dict[str, str]], *, categories: frozenset[str], divisions: frozenset[str] | None
) -> tuple[list[Line], list[str]]:
    """(rows that will do, a sentence for each that will not)."""
    lines: list[Line] = []
    problems: list[str] = []
    seen: set[str] = set()
    for place, row in enumerate(rows, 2):
        line, faults = examined(row, categories=categories, divisions=divisions)
        if line.code in seen:
            faults.append(("code", _("代码重复。")))
        seen.add(line.code)
        if faults:
            why = " ".join(f"{field}{_('：')}{sentence}" for field, sentence in faults)
            problems.append(_("第 %(row)s 行：%(why)s") % {"row": place, "why": why})
        else:
            lines.append(line)
    return lines, problems


def examined(
    row: Mapping[str, str], *, categories: frozenset[str], divisions: frozenset[str] | None
) -> tuple[Line, list[Fault]]:
    """A row, typed, and what speaks against it."""
    code, owner = row.get("code", ""), row.get("owner_body", "")
    faults: list[Fault] = [("code", sentence) for sentence in rules.check_code(code)]
    if owner and organisations.body_by_code(owner) is None:
        faults.append(("owner_body", _("没有单位 %(body)s。") % {"body": owner[:40]}))
    days: dict[str, date | None] = {}
    for name in ("review_on", "valid_from", "valid_to"):
        try:
            days[name] = date.fromisoformat(row[name]) if row.get(name) else None
        except ValueError:
            faults.append((name, _("日期要写成 2026-11-30 的样子。")))
    content = rules.cleaned(
        Content(
            **{name: row.get(name, "") for name in _TEXTS},
            audience=row.get("audience") or Audience.EVERYONE,
            provenance=row.get("provenance") or Provenance.PROVISIONAL,
            valid_from=days.get("valid_from"),
            valid_to=days.get("valid_to"),
        )
    )
    found = rules.problems(content, categories=categories, divisions=divisions)
    faults += [(field, sentence) for field, sentences in found.items() for sentence in sentences]
    return Line(code, content, owner, days.get("review_on"), row.get("state") == State.PUBLISHED), faults


def read_categories(text: str) -> list[dict[str, str]]:
    """Nodes of the tree: two digits, or four below a top that is there. Raises Invalid."""
    rows = [
        {k: (v or "").strip() for k, v in row.items() if k}
        for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    ]
    codes = {r.get("code", "") for r in rows}
    for place, row in enumerate(rows, 2):
        code = row.get("code", "")
        good = code.isascii() and code.isdigit() and len(code) in (2, 4) and bool(row.get("name"))
        if not good or (len(code) == 4 and code[:2] not in codes) or len(rows) != len(codes):
            raise Invalid("bad_categories", _("类别表第 %(row)s 行有误。") % {"row": place})
        row["parent"] = code[:2] if len(code) == 4 else ""
        row.setdefault("name_en", "")
    return rows


def write(rows: Iterable[Any]) -> Iterator[str]:
    """Versions (with their articles) as CSV lines with a BOM; what a spreadsheet would run is quoted."""

    class Echo:
        def write(self, text: str) -> str:
            return text

    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow(COLUMNS)
    for row in rows:
        body = organisations.body(row.article.owner_body_id)
        cells = {
            **{c: getattr(row, c) for c in COLUMNS if hasattr(row, c)},
            "code": row.article.code,
            "owner_body": body.code if body else "",
            "review_on": row.article.review_on,
        }
        yield writer.writerow([_safe(cells.get(c)) for c in COLUMNS])


def _safe(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text
