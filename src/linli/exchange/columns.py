"""What a table holds, cell by cell: columns, and how the text or number of a cell becomes a value or a refusal. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

SHOWN = 40  # so many characters of a refused value are shown
EXACT_DIGITS = 15  # a spreadsheet keeps no more of a number


class Kind(StrEnum):
    """What a column's cells are. A code is never a number: its zeros in front and its digits stay."""

    TEXT = "text"
    CODE = "code"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    YES_NO = "yes_no"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `label` is Chinese (may be lazy), `english` its English name; both and `aliases` find it in a file.

    `choices` maps a token to the words that stand for it (the first is written). With `many` a cell holds several
    values, parted by 、,; or a line break, and the value is a tuple. `most` counts characters, of each value.
    A column that is not `compared` is written and read but makes no row another row.
    """

    key: str
    label: Any
    english: str
    kind: Kind = Kind.TEXT
    required: bool = False
    many: bool = False
    aliases: tuple[str, ...] = ()
    choices: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    low: Decimal | int | None = None
    high: Decimal | int | None = None
    most: int = 200
    pattern: str = ""
    pattern_says: Any = ""
    hint: Any = ""
    width: int = 0
    compared: bool = True

    @property
    def heading(self) -> str:
        """Its name in the reader's language."""
        return self.english if (get_language() or "zh").startswith("en") else str(self.label)


@dataclass(frozen=True, slots=True)
class Cell:
    """What stood in a cell: `value` as the file keeps it, `form` its number format, `trouble` "error" or "formula"."""

    value: Any = None
    form: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why one cell (or, with an empty column, one row) cannot be taken. `row` counts as a spreadsheet does, from 1."""

    row: int
    column: str
    value: str
    sentence: str
    code: str


class Wrong(ValueError):
    """A cell that cannot be taken: a stable code and a sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.code, self.sentence = code, sentence


def plain(text: str) -> str:
    """Full-width letters and digits as half-width ones, odd spaces as one, nothing around it."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def shown(value: Any) -> str:
    """A value as a refusal shows it: one line, shortened."""
    text = " ".join(str("" if value is None else value).split())
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def blank(cell: Cell) -> bool:
    """Whether nothing stands there; white space is nothing, a formula without a value is something."""
    return not cell.trouble and (cell.value is None or (isinstance(cell.value, str) and not cell.value.strip()))


def typed(column: Column, cell: Cell) -> Any:
    """The value of a cell: text "" , tuple () or None where nothing stands. Raises Wrong."""
    if cell.trouble == "formula":
        raise Wrong(
            "formula_without_value",
            _("这一格是公式，文件里没有算好的值。请在表格软件里打开、保存后再上传，或者直接填值。"),
        )
    if cell.trouble == "error":
        raise Wrong("cell_error", _("这一格是表格软件的出错值。"))
    if blank(cell):
        if column.required:
            raise Wrong("required", _("这一格必须填写。"))
        return () if column.many else "" if column.kind in (Kind.TEXT, Kind.CODE, Kind.CHOICE) else None
    if not column.many:
        return _one(column, cell)
    if not isinstance(cell.value, str):
        return (_one(column, cell),)
    parts = [p for p in re.split(r"[、,，;；\n]", cell.value) if p.strip()]
    values = [_one(column, Cell(p)) for p in parts]
    return tuple(dict.fromkeys(values))


def _one(column: Column, cell: Cell) -> Any:
    return READ[column.kind](column, cell)


def _text(column: Column, cell: Cell) -> str:
    value = cell.value
    if isinstance(value, bool):
        text = _("是") if value else _("否")
    elif isinstance(value, float):
        text = f"{value:.15g}"
    elif isinstance(value, datetime):
        text = f"{value:%Y-%m-%d %H:%M}" if value.time() != datetime.min.time() else f"{value:%Y-%m-%d}"
    else:
        text = unicodedata.normalize("NFC", str(value)).replace("\r\n", "\n").strip()
    if re.match(r"'[=+\-@\t\r]", text):
        text = text[1:]  # the mark that our own CSV puts before what would be a formula
    if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffe\uffff]", text):
        raise Wrong("bad_character", _("含有看不见的控制字符，请删掉后重填。"))
    if len(text) > column.most:
        raise Wrong(
            "too_long", _("太长：最多 %(most)s 个字，这里有 %(n)s 个。") % {"most": column.most, "n": len(text)}
        )
    return text


def _code(column: Column, cell: Cell) -> str:
    value = cell.value
    if isinstance(value, bool | date):
        raise Wrong("not_a_code", _("这一列是编码，请把这一格设为文本后重填。"))
    if isinstance(value, int | float):
        if value != int(value) or value < 0 or len(str(int(value))) > EXACT_DIGITS:
            raise Wrong("code_lost_digits", _("编码被存成了数字，可能已经丢失数位。请把这一列设为文本后重填。"))
        zeros = len(cell.form) if re.fullmatch(r"0+", cell.form) else 0
        text = str(int(value)).zfill(zeros)
    else:
        text = plain(str(value)).removeprefix("'")
        if re.fullmatch(r"[+-]?\d+(\.\d+)?[eE][+-]?\d+", text):
            raise Wrong(
                "code_became_number",
                _("编码变成了科学记数法，后面的数位已经丢失。请把这一列设为文本，重新填写完整的编码。"),
            )
        if re.fullmatch(r"\d+\.\d+", text):
            raise Wrong("code_became_number", _("编码变成了小数。请把这一列设为文本，重新填写完整的编码。"))
    if column.pattern and not re.fullmatch(column.pattern, text):
        raise Wrong("bad_code", str(column.pattern_says) or _("编码的写法不对。"))
    return _text(column, Cell(text))


_NUMBER = re.compile(r"([+-]?)(\d{1,3}(?:,\d{3})+|\d{1,15})(\.\d{1,10})?\s?([万亿]?)")


def _decimal(column: Column, cell: Cell) -> Decimal:
    value = cell.value
    if isinstance(value, bool | date):
        raise Wrong("not_a_number", _("这里要填数字。"))
    if isinstance(value, int | float):
        found = Decimal(repr(value))
    else:
        match = _NUMBER.fullmatch(plain(str(value)).replace("−", "-"))
        if match is None:
            raise Wrong("not_a_number", _("这里要填数字，例如 1200、1,200 或 1.5万。"))
        sign, whole, part, unit = match.groups()
        found = Decimal(f"{sign}{whole.replace(',', '')}{part or ''}") * {"": 1, "万": 10_000, "亿": 100_000_000}[unit]
    if not found.is_finite():
        raise Wrong("not_a_number", _("这里要填数字。"))
    if column.low is not None and found < column.low:
        raise Wrong("too_small", _("不能小于 %(low)s。") % {"low": column.low})
    if column.high is not None and found > column.high:
        raise Wrong("too_large", _("不能大于 %(high)s。") % {"high": column.high})
    return found


def _integer(column: Column, cell: Cell) -> int:
    found = _decimal(column, cell)
    if found != found.to_integral_value():
        raise Wrong("not_whole", _("这里要填整数。"))
    return int(found)


_DATE = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\.(\d{1,2})\.(\d{1,2})|年(\d{1,2})月(\d{1,2})日?|(\d{2})(\d{2}))"
)


def _date(column: Column, cell: Cell) -> date:
    value = cell.value
    if isinstance(value, datetime):
        found = value.date()
    elif isinstance(value, date):
        found = value
    else:
        text = str(int(value)) if isinstance(value, float) and value == int(value) else str(value)
        match = _DATE.fullmatch("".join(plain(text).removesuffix(" 00:00:00").split()))
        if match is None:
            raise Wrong("not_a_date", _("日期的写法不对，请写成 2026-11-22 这样。"))
        year, *rest = (int(g) for g in match.groups() if g)
        try:
            found = date(year, rest[0], rest[1])
        except ValueError:
            raise Wrong("no_such_day", _("没有这一天。")) from None
    if not 1900 <= found.year <= 2199:
        raise Wrong("no_such_day", _("年份要在 1900 到 2199 之间。"))
    return found


_YES = frozenset({"是", "有", "对", "真", "√", "✓", "✔", "y", "yes", "true", "1", "t"})
_NO = frozenset({"否", "无", "不", "没有", "错", "假", "×", "✗", "n", "no", "false", "0", "f"})


def _yes_no(column: Column, cell: Cell) -> bool:
    value = cell.value
    if isinstance(value, bool):
        return value
    word = plain(f"{value:g}" if isinstance(value, float) else str(value)).lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise Wrong("not_yes_or_no", _("这里要填“是”或“否”。"))


def _choice(column: Column, cell: Cell) -> str:
    value = cell.value
    word = plain(f"{value:g}" if isinstance(value, float) else str(value)).casefold()
    for token, words in column.choices.items():
        if word == token.casefold() or any(word == plain(str(w)).casefold() for w in words):
            return token
    known = _("、").join(str(words[0]) if words else token for token, words in column.choices.items())
    raise Wrong("not_a_choice", _("不认识的词，可以填：%(known)s。") % {"known": known[:200]})


READ: Mapping[Kind, Callable[[Column, Cell], Any]] = {
    Kind.TEXT: _text,
    Kind.CODE: _code,
    Kind.INTEGER: _integer,
    Kind.DECIMAL: _decimal,
    Kind.DATE: _date,
    Kind.YES_NO: _yes_no,
    Kind.CHOICE: _choice,
}


def said(column: Column, value: Any) -> str:
    """A value in words, as it is written to CSV and shown in a preview; reading it again gives the same value."""
    if column.many and isinstance(value, list | tuple):
        return "、".join(said(column, v) for v in value)
    if value is None or value == "":
        return ""
    if column.kind is Kind.CHOICE:
        words = column.choices.get(value, ())
        return str(words[0]) if words else str(value)
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value)
