"""Telephone numbers and names as people write them, made one form. Pure."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Invalid

PHONE_MAX = 40
NAME_MAX = 40
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"(?P<area>010|02\d|0[3-9]\d{2})(?P<number>[2-8]\d{6,7})(?P<extension>(?:[x#]\d{1,6})?)")
_SERVICE = re.compile(r"[48]00\d{7}")
_ABROAD = re.compile(r"\+(?!86)[1-9]\d{6,14}")
_JOINTS = re.compile(r"[\s\-‐‑‒–—−().·_/]+")
_EXTENSION = re.compile(r"(?:转|分机|ext\.?|x|#)\s*[:：]?\s*(\d{1,6})\s*$", re.IGNORECASE)


def _bad_phone(sentence: object) -> Invalid:
    return Invalid("bad_phone", sentence, fields={"phone": [sentence]})


def normal_phone(text: str) -> str:
    """`138 1234 5678`, `+86 138…`, `（010）6620-1234 转 12`, `+852 …` in one form: `13812345678`, `010-66201234x12`,
    `+85221234567`. Raises Invalid("bad_phone")."""
    if not isinstance(text, str) or not text.strip():
        raise _bad_phone(_("请填写联系电话。"))
    if len(text) > PHONE_MAX:
        raise _bad_phone(_("联系电话太长，请只写一个号码。"))
    plain = unicodedata.normalize("NFKC", text).strip()
    extension = ""
    if found := _EXTENSION.search(plain):
        extension, plain = "x" + found[1], plain[: found.start()]
    digits = _JOINTS.sub("", plain)
    for prefix in ("+86", "0086", "86"):
        if digits.startswith(prefix) and len(digits) - len(prefix) >= 9:
            digits = digits[len(prefix) :]
            if re.match(r"10[2-8]|2\d[2-8]", digits) and len(digits) >= 10 and not _MOBILE.fullmatch(digits):
                digits = "0" + digits  # +86 10 … leaves the trunk zero out
            break
    if not digits.isascii():
        raise _bad_phone(_("联系电话只能由数字组成，例如 13812345678 或 010-66201234。"))
    if _MOBILE.fullmatch(digits) and not extension:
        return digits
    if (m := _LANDLINE.fullmatch(digits)) and _length_fits(m["area"], m["number"]):
        return f"{m['area']}-{m['number']}{extension}"
    if _SERVICE.fullmatch(digits) and not extension:
        return digits
    if _ABROAD.fullmatch(digits) and not extension:
        return digits
    if re.fullmatch(r"[2-8]\d{7}", digits):
        raise _bad_phone(_("固定电话请加上区号，例如 010-66201234。"))
    raise _bad_phone(_("这不是可以拨通的号码。手机号为 11 位，固定电话请加区号，例如 010-66201234。"))


def _length_fits(area: str, number: str) -> bool:
    return len(number) == 8 if len(area) == 3 else len(number) in (7, 8)


def normal_name(text: str) -> str:
    """How a person wants to be called, one line, or empty. Raises Invalid("bad_name")."""
    plain = " ".join(unicodedata.normalize("NFC", text or "").split())
    if len(plain) > NAME_MAX:
        sentence = _("称呼请不要超过 40 个字。")
        raise Invalid("bad_name", sentence, fields={"name": [sentence]})
    if any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn"} and c != "\u200d" for c in plain):
        sentence = _("称呼里有无法显示的字符，请重新填写。")
        raise Invalid("bad_name", sentence, fields={"name": [sentence]})
    return plain


def masked_phone(phone: str) -> str:
    """A number that its owner recognises and nobody can dial: `138****5678`."""
    return phone[:3] + "*" * max(4, len(phone) - 7) + phone[-4:] if len(phone) > 7 else "*" * len(phone)
