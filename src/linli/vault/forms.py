"""What the auditor may filter the log by."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class LogFilter(forms.Form):
    day = forms.DateField(
        label=_("日期"), required=False, widget=forms.DateInput(attrs={"type": "date", "class": "input"})
    )
    reader = forms.ChoiceField(label=_("查看人"), required=False, widget=forms.Select(attrs={"class": "input"}))

    def __init__(self, *args: Any, readers: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reader"].choices = [("", _("全部")), *readers.items()]  # type: ignore[attr-defined]
