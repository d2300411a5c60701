"""Free text from outside, made fit to keep: length, control characters, spoofing marks. Pure."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Invalid

TEXT_MAX = 2000
LINE_MAX = 120
# NUL and other controls break databases and terminals; bidi overrides can make a text read as something else.
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


def clean(text: str, field: str, *, limit: int = TEXT_MAX, required: bool = False) -> str:
    """NFC text without control characters. Raises Invalid: text_required, text_too_long (with the counts)."""
    kept = unicodedata.normalize("NFC", _UNWANTED.sub("", text or "")).strip()
    if required and not kept:
        sentence = _("请填写内容。")
        raise Invalid("text_required", sentence, fields={field: [sentence]})
    if len(kept) > limit:
        said = _("最多 %(limit)s 字，现在是 %(n)s 字。") % {"limit": limit, "n": len(kept)}
        raise Invalid("text_too_long", said, fields={field: [said]}, limit=limit, length=len(kept))
    return kept
