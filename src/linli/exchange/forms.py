"""Text to typed values: the file of an upload."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("表格文件"),
        help_text=_("XLSX 或 CSV，最多 10 MB。编码列请设为文本，免得丢掉前面的零。"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xlsm,.csv,.txt"}),
    )
