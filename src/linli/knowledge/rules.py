"""Pure decisions about articles: what a version must hold, what a note may not hold, where and when one is valid."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from .choices import (
    ANSWER_MAX,
    CODE_MAX,
    GAP_MAX,
    KEYWORDS_MAX,
    NOTE_MAX,
    QUESTION_MAX,
    SOURCE_MAX,
    SPOKEN_MAX,
    URL_MAX,
    Audience,
    Provenance,
)

RESERVED = frozenset({"new", "due", "import", "export", "search", "wrong", "gaps"})  # addresses of the room itself
_CODE = re.compile(r"[a-z0-9][a-z0-9-]+")
_URL = re.compile(r"https?://[^\s<>\"']{3,}")
# A telephone number or an identity number: seven digits or more, however they are parted. 12345 and years stay.
_NUMBERS = re.compile(r"(?:\d[\s\-—–]?){6,}\d")


@dataclass(frozen=True, slots=True)
class Content:
    """What an author writes; one version holds exactly this."""

    question: str
    answer: str
    category: str
    spoken: str = ""
    keywords: str = ""
    source: str = ""
    source_url: str = ""
    audience: str = Audience.EVERYONE
    division: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    provenance: str = Provenance.PROVISIONAL


def clean(text: str, lines: bool = False) -> str:
    """Text as it is kept: NFC, one space, no control or direction characters; line ends only if `lines`."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = "".join(
        c if c == "\n" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} else " " * (c == "\t")
        for c in text
    )
    if not lines:
        return " ".join(kept.split())
    short = "\n".join(line.rstrip() for line in kept.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", short).strip("\n")


def cleaned(content: Content) -> Content:
    """The same, tidied: keywords parted by single spaces, each once."""
    words = dict.fromkeys(re.split(r"[\s、，,;；|]+", clean(content.keywords)))
    return Content(
        question=clean(content.question),
        answer=clean(content.answer, lines=True),
        category=content.category.strip(),
        spoken=clean(content.spoken),
        keywords=" ".join(w for w in words if w),
        source=clean(content.source),
        source_url=content.source_url.strip(),
        audience=content.audience,
        division=content.division.strip(),
        valid_from=content.valid_from,
        valid_to=content.valid_to,
        provenance=content.provenance,
    )


def problems(content: Content, *, categories: frozenset[str], divisions: frozenset[str] | None) -> dict[str, list[Any]]:
    """Sentences by field; empty when the version may be kept. `divisions` None: not checked (no territory loaded)."""
    found: dict[str, list[Any]] = {}

    def say(field: str, sentence: Any) -> None:
        found.setdefault(field, []).append(sentence)

    for field, most in (
        ("question", QUESTION_MAX), ("answer", ANSWER_MAX), ("spoken", SPOKEN_MAX),
        ("keywords", KEYWORDS_MAX), ("source", SOURCE_MAX), ("source_url", URL_MAX),
    ):  # fmt: skip
        if len(getattr(content, field)) > most:
            say(field, _("最多 %(n)s 个字。") % {"n": most})
    if not any(c.isalnum() for c in content.question):
        say("question", _("请写问题。"))
    if not any(c.isalnum() for c in content.answer):
        say("answer", _("请写答复。"))
    if content.category not in categories:
        say("category", _("没有这个类别。"))
    if content.audience not in Audience.values:
        say("audience", _("请选择给谁看。"))
    if content.provenance not in Provenance.values:
        say("provenance", _("请选择是否有出处。"))
    elif content.provenance == Provenance.SOURCED and not content.source:
        say("source", _("标为“有出处”就要写出处。"))
    if content.source_url and not _URL.fullmatch(content.source_url):
        say("source_url", _("请填写以 https:// 开头的网址。"))
    if content.division and divisions is not None and content.division not in divisions:
        say("division", _("没有这个区划。"))
    if content.division and not re.fullmatch(r"\d{6}(\d{3}){0,2}", content.division):
        say("division", _("区划代码是 6、9 或 12 位数字。"))
    if content.valid_from and content.valid_to and content.valid_from > content.valid_to:
        say("valid_to", _("失效日期早于生效日期。"))
    return found


def check_code(code: str) -> list[Any]:
    if not _CODE.fullmatch(code) or len(code) > CODE_MAX or code in RESERVED:
        return [_("代码由 2 到 %(n)s 个小写字母、数字和连字符组成，例如 water-leak。") % {"n": CODE_MAX}]
    return []


def check_review(day: date, today: date, most_days: int) -> list[Any]:
    """The next review lies ahead, and not so far (`most_days`) that nobody will remember."""
    if day <= today:
        return [_("复核日期要在今天以后。")]
    last = today + timedelta(days=most_days)
    return [_("复核日期最晚定到 %(day)s。") % {"day": last.isoformat()}] if day > last else []


def check_note(note: str) -> list[Any]:
    """A note speaks of the text: numbers that could be somebody's telephone or identity are refused."""
    if not note:
        return [_("请写哪里不对。")]
    if len(note) > NOTE_MAX:
        return [_("最多 %(n)s 个字。") % {"n": NOTE_MAX}]
    if _NUMBERS.search(unicodedata.normalize("NFKC", note)):
        return [_("不要写电话、证件号等个人信息，只写哪里不对。")]
    return []


def gap_words(text: str) -> str:
    """Search words as a gap keeps them: no digits at all (telephones, doors, papers), no signs, one space, short."""
    plain = unicodedata.normalize("NFKC", clean(text)).lower()
    words = "".join(c if c.isalpha() else " " for c in plain).split()
    return " ".join(words)[:GAP_MAX].strip()


def valid_in(division: str, wanted: str) -> bool:
    """Whether an article of `division` concerns somebody who asks for `wanted`; "" is everywhere on both sides."""
    return not division or not wanted or division.startswith(wanted) or wanted.startswith(division)


def month_of(day: date) -> str:
    """2026-11, as counters are kept."""
    return f"{day:%Y-%m}"


def share_helped(counts: Mapping[str, int]) -> float | None:
    """Of those who said whether it helped, how many per cent said yes; None below ten, where it means nothing."""
    yes, no = counts.get("helped", 0), counts.get("not_helped", 0)
    return 100 * yes / (yes + no) if yes + no >= 10 else None
