"""Text to typed values: surveys, answers of a sheet, waves, slips. Nothing is saved here."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from linli.core import clock
from linli.core.errors import Invalid
from linli.vault import slips

from .actions.answers import EVIDENCE_MOST, Said
from .actions.waves import HIGHEST, LOWEST, QUESTIONS_MOST, SLIPS_AT_ONCE, Question
from .choices import CatalogueKind, CatalogueState
from .forms import Day
from .queries import catalogue as catalogues

QUESTIONS = Path(__file__).resolve().parent / "data" / "wave_questions.csv"


class SurveyForm(forms.Form):
    year = forms.IntegerField(label=_("年份"), min_value=2000, max_value=2100)
    name = forms.CharField(label=_("名称"), max_length=100)
    catalogue_id = forms.TypedChoiceField(
        label=_("服务目录"), coerce=int, help_text=_("开始后不换；目录停用也照旧填。")
    )
    opens_on = forms.DateField(label=_("开始"), widget=Day)
    closes_on = forms.DateField(label=_("截止"), widget=Day)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["catalogue_id"]
        assert isinstance(field, forms.ChoiceField)
        known = [c for c in catalogues.catalogues(CatalogueKind.SERVICES) if c.state != CatalogueState.DRAFT]
        field.choices = [
            (c.id, c.title if c.state == CatalogueState.PUBLISHED else _t("%(name)s（已停用）") % {"name": c.title})
            for c in known
        ]


class NoteForm(forms.Form):
    note = forms.CharField(label=_("退回原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class ReopenForm(forms.Form):
    reason = forms.CharField(label=_("重新开放的原因"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
    closes_on = forms.DateField(label=_("新的截止日"), widget=forms.DateInput(attrs={"type": "date"}))


class WaveForm(forms.Form):
    name = forms.CharField(label=_("名称"), max_length=100)
    questions = forms.CharField(
        label=pgettext_lazy("survey", "问题"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=_("一行一个问题，居民答 1 到 5 分。英文写在竖线后面。做好以后不能改。"),
    )
    opens_on = forms.DateField(label=_("开始"), widget=Day)
    closes_on = forms.DateField(label=_("截止"), widget=Day)

    def clean_questions(self) -> tuple[Question, ...]:
        lines = [line.strip() for line in self.cleaned_data["questions"].splitlines() if line.strip()]
        if len(lines) > QUESTIONS_MOST:
            raise forms.ValidationError(_t("最多 %(n)s 个问题。") % {"n": QUESTIONS_MOST})
        pairs = [re.split(r"[|｜]", line, maxsplit=1) for line in lines]
        return tuple(Question(p[0].strip(), p[1].strip() if len(p) > 1 else "") for p in pairs)


class SlipsForm(forms.Form):
    community = forms.ChoiceField(label=_("社区"))
    count = forms.IntegerField(label=_("张数"), min_value=1, max_value=SLIPS_AT_ONCE, initial=60)

    def __init__(self, *args: Any, communities: list[tuple[str, list[tuple[str, str]]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["community"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = communities


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("调查码"),
        max_length=slips.LONGEST,
        help_text=_("信上的十个字母和数字，例如 ABCDE-FG234。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )


@cache
def usual_questions() -> str:
    """The questions of data/wave_questions.csv, as `WaveForm` reads them."""
    with QUESTIONS.open(encoding="utf-8", newline="") as file:
        return "\n".join(f"{row['name']}|{row['name_en']}" for row in csv.DictReader(file))


def said_of(values: Mapping[str, str], item: str) -> Said | None:
    """What a form says of one item; None where nothing is chosen. Raises Invalid that names what cannot be read."""
    offer = values.get(f"offer-{item}", "").strip()
    if not offer:
        return None
    return Said(
        item, offer, _percent(values.get(f"percent-{item}", "")),
        values.get(f"evidence-{item}", "").strip()[: EVIDENCE_MOST + 1], _day(values.get(f"day-{item}", "")),
    )  # fmt: skip


def _percent(text: str) -> int | None:
    text = text.strip().rstrip("%％")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,3}", text) or int(text) > 100:
        raise Invalid("bad_percent", _t("满足度写 0 到 100。"), fields={"fulfilled_pct": [_t("满足度写 0 到 100。")]})
    return int(text)


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        found = date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid("bad_date", _t("日期要写成 2026-11-22 这样。")) from None
    if found > clock.today():
        raise Invalid("in_the_future", _t("日期不能晚于今天。"))
    return found


def counts_of(values: Mapping[str, str], kinds: list[str]) -> dict[str, int | None]:
    """Counts by kind; an empty field is no count. Raises Invalid that names the kind."""
    found: dict[str, int | None] = {}
    for kind in kinds:
        text = values.get(f"count-{kind}", "").strip()
        if text and not re.fullmatch(r"[0-9]{1,7}", text):
            raise Invalid("bad_count", _t("数目写 0 或正整数。"), fields={kind: [_t("数目写 0 或正整数。")]})
        found[kind] = int(text) if text else None
    return found


def marks_of(values: Mapping[str, str], questions: list[str]) -> dict[str, int]:
    """Answers of a slip by question; one left open is left out. Raises Invalid."""
    found: dict[str, int] = {}
    for code in questions:
        text = values.get(f"answer-{code}", "")
        if not text:
            continue
        if text not in {str(n) for n in range(LOWEST, HIGHEST + 1)}:
            raise Invalid("no_answer", _t("请选 1 到 5 分。"))
        found[code] = int(text)
    if not found:
        raise Invalid("no_answer", _t("请至少回答一个问题。"))
    return found
