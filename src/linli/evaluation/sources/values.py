"""What one cell says: a number, or in which words there is none. Empty, 0, "—", "…" and a lone foot-note mark differ."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from linli.exchange.columns import Cell, Wrong, blank

from ..choices import ObsStatus
from ..rules import without_marks

DASHES = frozenset("-‐‑‒–—―−─")
NEGLIGIBLE = frozenset({"…", "...", "……", "......", "⋯", "⋯⋯"})
NOT_COLLECTED = frozenset({"..", "na", "n/a", "n.a.", "未调查", "未统计"})
CONFIDENTIAL = frozenset({"x", "xx", "×", "保密", "不公布"})
STATUS_WORDS = {
    "p": "P", "初步": "P", "初步数": "P", "初步核算": "P", "快报": "P", "快报数": "P", "e": "E", "估计": "E", "f": "F",
    "预计": "F", "预计数": "F", "i": "I", "推算": "I", "推算数": "I", "b": "B",
}  # fmt: skip
_NUMBER = re.compile(
    r"([+-]?(?:\d{1,3}(?:[, ]\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?)\s*([%‰]?)\s*\(?([^\d()%‰]*)\)?", re.I
)
MOST = 1e15


@dataclass(frozen=True, slots=True)
class Value:
    """`symbol` is what the cell itself says (%, ‰), `marks` its foot-note marks."""

    value: float | None
    status: str
    raw: str
    note: str = ""
    symbol: str = ""
    marks: str = ""


def value_of(cell: Cell) -> Value:
    """What a cell says. Raises Wrong (formula_without_value, cell_error, not_a_number, too_large)."""
    if cell.trouble == "formula":
        sentence = _("这一格是公式，文件里没有算好的值。请在表格软件里打开、保存后再上传，或者直接填值。")
        raise Wrong("formula_without_value", sentence)
    if cell.trouble == "error":
        raise Wrong("cell_error", _("这一格是表格软件的出错值。"))
    if blank(cell):
        return Value(None, ObsStatus.MISSING, "")
    if isinstance(cell.value, bool | date):
        raise Wrong("not_a_number", _("这里应当是数字，文件里是日期或是非值。"))
    if isinstance(cell.value, int | float):
        return _bounded(_percent_format(cell, float(cell.value)))
    return _bounded(_from_text(str(cell.value)))


def _percent_format(cell: Cell, value: float) -> Value:
    """A spreadsheet shows 0.153 as 15.3%: what people saw counts."""
    if "%" in re.sub(r'"[^"]*"', "", cell.form):
        return Value(round(value * 100, 10), ObsStatus.NORMAL, f"{value * 100:.10g}%", symbol="%")
    return Value(value, ObsStatus.NORMAL, f"{value:.15g}")


def _from_text(text: str) -> Value:
    raw = text.strip()[:60]
    bare, marks = without_marks(text)
    plain = " ".join(unicodedata.normalize("NFKC", bare).replace("\u3000", " ").split())
    note = _("脚注 %(marks)s") % {"marks": marks} if marks else ""
    if plain == "":
        return Value(None, ObsStatus.MISSING, raw, _("只有脚注记号 %(marks)s，没有数") % {"marks": marks}, marks=marks)
    if said := _none(plain, bare.strip()):
        return Value(None, said[0], raw, said[1], marks=marks)
    match = _NUMBER.fullmatch(plain.replace("−", "-"))
    if match is None:
        raise Wrong("not_a_number", _("这里应当是数字。"))
    number, symbol, word = match.groups()
    status: Any = ObsStatus.NORMAL
    if word := word.strip().casefold():
        if word not in STATUS_WORDS:
            raise Wrong("not_a_number", _("数字后面的“%(word)s”不认识。") % {"word": word[:20]})
        status = STATUS_WORDS[word]
    return Value(float(re.sub(r"[, ]", "", number)), str(status), raw, note, symbol, marks)


def _none(plain: str, bare: str) -> tuple[str, str] | None:
    """The status and words of a cell that says there is no number."""
    if set(plain) <= DASHES:
        return ObsStatus.MISSING, _("原表写“—”：没有这项")
    if plain in NEGLIGIBLE or bare in NEGLIGIBLE:
        return ObsStatus.NEGLIGIBLE, _("原表写“…”：不足最小单位")
    folded = plain.casefold()
    if folded in NOT_COLLECTED:
        return ObsStatus.NOT_COLLECTED, _("原表写“%(raw)s”：未调查") % {"raw": plain}
    if folded in CONFIDENTIAL:
        return ObsStatus.CONFIDENTIAL, _("原表写“%(raw)s”：不公布") % {"raw": plain}
    return None


def _bounded(value: Value) -> Value:
    if value.value is not None and not abs(value.value) < MOST:
        raise Wrong("too_large", _("数太大，不像统计数字。"))
    return value
