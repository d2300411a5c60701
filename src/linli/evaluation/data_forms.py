"""Text to typed values: a file of statistics, what its names mean, rulings, names of units."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linli.core import clock

from .choices import NameKind, RulingKind
from .queries import deliveries as read
from .queries.series import series


class Day(forms.DateInput):
    """A date field of the browser, in ISO form."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("文件"),
        help_text=_("国家统计局网站的导出、年鉴的 XLSX、普通 CSV 或 XLSX、SDMX-CSV。UTF-8 和 GB18030 都认得。"),
    )
    publication = forms.ChoiceField(label=_("出处"))
    vintage = forms.DateField(
        label=_("版本日期"), widget=Day(), help_text=_("这些数字是哪一天公布或下载的：日期晚的版本优先。")
    )
    edition = forms.CharField(
        label=_("版本说明"), required=False, max_length=80, help_text=_("例如：2024 年年鉴、五经普修订后。")
    )
    series = forms.ChoiceField(label=_("整个文件是哪个指标"), required=False, help_text=_("文件自己写明了就不用选。"))
    year = forms.IntegerField(label=_("整个文件是哪一年"), required=False, min_value=1949, max_value=2200)
    symbol = forms.CharField(label=_("没有写单位的，单位是"), required=False, max_length=20)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sources = [("", "—"), *((p.code, p.title) for p in read.publications() if p.code != "platform")]
        for name, choices in (("publication", sources), ("series", [("", "—"), *series_choices()])):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
        self.fields["vintage"].initial = clock.today


def series_choices() -> list[tuple[str, str]]:
    """Public series by code, with their calibre where one has it."""
    return [
        (s.code, f"{s.name}（{s.calibre_name}）" if s.calibre_name else s.name)
        for s in series().values()
        if s.origin == "public"
    ]


class RulingForm(forms.Form):
    series = forms.SlugField(max_length=60)
    year = forms.IntegerField(min_value=1900, max_value=2200)
    unit = forms.CharField(required=False, max_length=12)
    finding = forms.SlugField(max_length=40)
    kind = forms.ChoiceField(choices=RulingKind.choices)
    reason = forms.CharField(max_length=300)


class UnitNameForm(forms.Form):
    text = forms.CharField(label=_("名称"), max_length=80)
    kind = forms.ChoiceField(label=_("性质"), choices=NameKind.choices, initial=NameKind.SHORT)
    source = forms.CharField(label=_("出处"), max_length=400, required=False)
