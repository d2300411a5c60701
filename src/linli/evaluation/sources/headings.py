"""What a heading means: which series, which unit of measurement, which year; which column plays which role."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from linli_engines.composite.denominate import known_units

from ..rules import plain_name, without_marks
from .said import How, Vocabulary

ROLES: dict[str, tuple[str, ...]] = {
    "unit": (
        "地区", "区域", "省份", "省市", "省区市", "省市区", "省、自治区、直辖市", "省（自治区、直辖市）", "省（区、市）", "区县",
        "各区", "分区", "街道", "地区名称", "行政区", "行政区划", "region", "province", "area", "district", "ref_area", "refarea",
        "地区region", "地区area",
    ),
    "code": ("行政区划代码", "地区代码", "代码", "code", "adcode"),
    "year": ("年份", "年", "年度", "时间", "year", "time", "period", "time_period"),
    "series": ("指标", "指标名称", "项目", "类别", "series", "indicator", "category", "item"),
    "value": ("数值", "值", "数据", "value", "obs_value"),
    "symbol": ("单位", "计量单位", "units", "unit_measure", "symbol"),
    "status": ("obs_status", "状态"),
    "note": ("备注", "说明", "note", "comment"),
}  # fmt: skip
_PLAIN = {role: frozenset(plain_name(w) for w in words) for role, words in ROLES.items()}
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})\s*(?:年末|年底|年度|年|)(?!\d)")
_EMPTY_BRACKET = re.compile(r"[(（][\s—–~至、-]*[)）]")
_BRACKET = re.compile(r"[(（]([^()（）]*)[)）]\s*$")
_SAME_SYMBOL = {
    "亿元人民币": "亿元", "人民币亿元": "亿元", "㎡/人": "平方米/人", "m²/人": "平方米/人", "m2/人": "平方米/人", "百分比": "%", "百分点": "%",
    "100millionyuan": "亿元", "10000persons": "万人", "㎡": "平方米", "m2": "平方米", "km2": "平方公里", "公里(km)": "公里", "pt": "%",
    "十亿元": "十亿元", "元/人": "元", "平方米": "平方米",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """`text` is what was left to look up when no series was found."""

    series: str | None = None
    unit: str | None = None
    year: int | None = None
    symbol: str = ""
    text: str = ""
    left_out: bool = False


def role_of(text: str, how: How) -> str:
    """The role that a heading plays, or ""."""
    plain = plain_name(text)
    for role, heading in how.columns.items():
        if plain == plain_name(heading):
            return role
    for role, words in _PLAIN.items():
        if role not in how.columns and plain in words:
            return role
    if plain == "unit":
        return "unit"
    return "value" if plain.startswith("value") and "value" not in how.columns else ""


def year_of(text: str) -> int | None:
    """The one year in a text; None where there is none or several."""
    found = set(_YEAR.findall(text))
    return int(found.pop()) if len(found) == 1 else None


def symbol_of(text: str, known: Iterable[str]) -> str:
    """The symbol that a text is, as the tables write it; "" if it is none."""
    plain = re.sub(r"^(?:计量)?单位[:：]?", "", text.strip()).strip("()（） :：")
    plain = _SAME_SYMBOL.get(plain.replace(" ", ""), plain)
    return plain if plain in known or plain in known_units() else ""


def symbols_of(vocabulary: Vocabulary) -> set[str]:
    return {s.symbol for s in vocabulary.series.values() if s.symbol}


def meaning(pieces: list[str], vocabulary: Vocabulary, how: How, known: set[str]) -> Meaning:
    """What the headings above a column say together, from the top one down."""
    names = {plain_name(text): code for text, code in how.names.items()}
    year, symbol, rest, whole = None, "", [], []
    for piece in pieces:
        if plain_name(piece) in names or plain_name(piece) in vocabulary.headings:
            rest.append(piece)
            whole.append(piece)
            continue
        found = year_of(piece)
        year = found if found is not None else year
        bare = _YEAR.sub("", piece).strip(" _-/（）()") if found is not None else piece
        if bare and symbol_of(bare, known):
            symbol = symbol_of(bare, known)
            continue
        if not bare:
            continue
        whole.append(bare)
        cut, said = cut_symbol(bare, known)
        symbol = said or symbol
        rest.append(cut)
    if len(pieces) == 1 and not rest and year is None and symbol:
        return Meaning(symbol=symbol)
    for text in _candidates(whole, rest):
        plain = plain_name(text)
        if plain in names:
            return Meaning(names[plain] or None, None, year, symbol, text, left_out=names[plain] == "")
        if plain in vocabulary.headings:
            return Meaning(vocabulary.headings[plain], None, year, symbol, text)
    if len(rest) == 1 and (units := vocabulary.names.get(plain_name(rest[0]))):
        return Meaning(None, units[0].code if len(units) == 1 else None, year, symbol, "")
    return Meaning(None, None, year, symbol, " / ".join(whole))


def _candidates(whole: list[str], rest: list[str]) -> Iterable[str]:
    for pieces in (whole, rest):
        if pieces:
            yield "_".join(pieces)
            yield "".join(pieces)
    yield from (*reversed(whole), *reversed(rest))


def cut_symbol(text: str, known: Iterable[str]) -> tuple[str, str]:
    """A heading without the symbol at its end ("人口数(万人)", "税收收入_亿元"), and the symbol."""
    bare, _marks = without_marks(text)
    for words in (text.strip(), bare):  # a mark may stand behind the bracket, and ² is no mark in it
        match = _BRACKET.search(words)
        if match and (found := symbol_of(match.group(1), known)):
            return words[: match.start()].strip(), found
        head, _bar, tail = words.rpartition("_")
        if head and (found := symbol_of(tail, known)):
            return head.strip(), found
    return bare, ""


def title_series(text: str, vocabulary: Vocabulary, names: Mapping[str, str]) -> str | None:
    """The series that a table's title names, if it does plainly."""
    bare = re.sub(r"^\s*(?:表\s*)?\d+(?:\s*[-–—.]\s*\d+)*[\s、.]*", "", text)
    bare = _EMPTY_BRACKET.sub("", _YEAR.sub("", bare))
    bare = re.sub(r"^(?:按地区分|分地区|各地区|各省区市|分省|各区)的?", "", bare.strip()).strip(" ()（）")
    for candidate in (bare, _BRACKET.sub("", bare)):
        plain = plain_name(candidate)
        if code := names.get(plain) or vocabulary.headings.get(plain):
            return code
    return None
