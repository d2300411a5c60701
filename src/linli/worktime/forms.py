"""Text to typed values for the calendar's settings. Nothing is saved here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linli.core.clock import SHANGHAI
from linli.territory import queries as territory
from linli.territory.choices import Level

from . import queries, table
from .choices import UNIT_LABELS, DayKind

SAMPLE = "2027-01-01 至 2027-01-03，元旦，放假\n2027-02-20，春节，上班"


class NoticeForm(forms.Form):
    """A list of days, pasted or as a file."""

    year = forms.IntegerField(label=_("年份"), min_value=2007, max_value=2050)
    text = forms.CharField(
        label=_("放假和调休安排"),
        required=False,
        strip=False,
        max_length=table.MOST_BYTES,
        widget=forms.Textarea(attrs={"rows": 8, "placeholder": SAMPLE, "spellcheck": "false"}),
        help_text=_("每行一天或一段：日期，节日，放假或上班。"),
    )
    file = forms.FileField(label=_("或选择 CSV 文件"), required=False, help_text=_("UTF-8 或 GB18030 编码都可以。"))
    source = forms.URLField(
        label=_("官方通知网址"), required=False, max_length=400, assume_scheme="https", help_text=_("便于以后核对。")
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        upload = data.get("file")
        if upload and upload.size > table.MOST_BYTES:
            self.add_error("file", _("文件太大，一年的放假安排不会超过 200 kB。"))
        elif not upload and not (data.get("text") or "").strip():
            self.add_error("text", _("请粘贴安排，或选择一个文件。"))
        return data

    def content(self) -> bytes | str:
        """What the person gave; a file wins over text."""
        upload = self.cleaned_data.get("file")
        return upload.read() if upload else self.cleaned_data["text"]


def _divisions(first: Any) -> list[Any]:
    """The subdistricts, each with its communities, for a choice; `first` stands above them."""
    groups: list[Any] = [("", first)]
    for above in territory.divisions(Level.SUBDISTRICT, territory.district().code) if territory.is_loaded() else ():
        below = territory.divisions(Level.COMMUNITY, above.code)
        groups.append(
            (above.name, [(above.code, _("整个%(name)s") % {"name": above.name})] + [(d.code, d.name) for d in below])
        )
    return groups


class HoursForm(forms.Form):
    """Working hours of the house, or of one division."""

    division = forms.ChoiceField(label=_("适用区划"), required=False)
    spans = forms.CharField(
        label=_("工作时间"),
        max_length=80,
        required=False,
        help_text=_("例如：09:00-12:00 13:30-18:00。街道、社区留空，表示从这天起随上级。"),
        widget=forms.TextInput,
    )
    valid_from = forms.DateField(
        label=_("从哪天起"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("此前的时限不受影响。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["division"].choices = _divisions(_("全区"))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not data.get("division") and not data.get("spans") and "spans" not in self.errors:
            self.add_error("spans", _("请填写工作时间。"))
        return data


class LocalDayForm(forms.Form):
    """Days off or worked in one division only."""

    TAKE_BACK = "none"

    division = forms.ChoiceField(label=_("适用区划"))
    first = forms.DateField(label=_("从"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last = forms.DateField(
        label=_("到"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("只有一天可以不填。"),
    )
    kind = forms.ChoiceField(
        label=_("安排"),
        choices=[(DayKind.HOLIDAY.value, _("放假")), (DayKind.MAKEUP.value, _("上班")), (TAKE_BACK, _("取消，随上级"))],
    )
    name = forms.CharField(label=_("原因"), max_length=60, required=False, help_text=_("例如：社区搬迁。"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["division"].choices = _divisions(_("请选择街道或社区"))  # type: ignore[attr-defined]


class TrialForm(forms.Form):
    """A limit to try out."""

    amount = forms.IntegerField(label=_("时限"), min_value=1, max_value=10_000)
    unit = forms.ChoiceField(label=_("单位"), choices=[(u.value, label) for u, label in UNIT_LABELS.items()])
    start = forms.DateTimeField(
        label=_("起算时间"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    division = forms.ChoiceField(label=_("在哪里"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["division"].choices = [("", _("全区")), *((v.division, v.name) for v in queries.local_views())]  # type: ignore[attr-defined]
        if len(self.fields["division"].choices) == 1:  # type: ignore[attr-defined]
            self.fields["division"].widget = forms.HiddenInput()

    def clean_start(self) -> Any:
        """Django reads it in the zone of the settings, which is Shanghai; said here so that nobody has to know."""
        return self.cleaned_data["start"].astimezone(SHANGHAI)
