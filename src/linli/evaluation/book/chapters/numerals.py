"""Small numbers as a book writes them: 六 in Chinese, 6 in other languages."""

from __future__ import annotations

from django.utils.translation import get_language

DIGITS = "零一二三四五六七八九十"


def counted(number: int) -> str:
    """Up to ten in words of the language that is spoken."""
    chinese = (get_language() or "zh").startswith("zh")
    return DIGITS[number] if chinese and 0 <= number < len(DIGITS) else str(number)
