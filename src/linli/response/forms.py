"""Text of staff to typed values: a report taken at the desk or in the field, a step of the chain, a reason for reading."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .choices import Channel, Outcome, Satisfaction
from .texts import LINE_MAX, TEXT_MAX

REASON_MAX = 200
BIG_ID = 2**62


class Typed(forms.CharField):
    """Text as typed: never required here, no NUL, which no database keeps. How long it may be is the action's to say."""

    def __init__(self, *, limit: int, **kwargs: Any) -> None:
        super().__init__(required=kwargs.pop("required", False), **kwargs)
        self.widget.attrs["maxlength"] = limit

    def to_python(self, value: Any) -> str:
        return str(super().to_python((value or "").replace("\0", "")))


class FieldForm(forms.Form):
    """What a grid worker sends from the street: no contact. Class and place may come as words only (no script)."""

    class_q = Typed(label=_("问题类型"), limit=40)
    class_code = Typed(label=_("问题类型"), limit=8, widget=forms.HiddenInput)
    class_pick = Typed(label=_("问题类型"), limit=8)
    place_q = Typed(label=_("地点"), limit=60)
    lon = forms.FloatField(required=False, widget=forms.HiddenInput)
    lat = forms.FloatField(required=False, widget=forms.HiddenInput)
    place_source = Typed(limit=12, widget=forms.HiddenInput)
    pick = Typed(label=_("地点"), limit=80)
    address = Typed(label=_("详细位置"), limit=LINE_MAX)
    description = Typed(label=_("问题描述"), limit=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 3}))
    client_key = Typed(limit=40, widget=forms.HiddenInput)


class ReportForm(FieldForm):
    """What an operator or a desk writes down: the same, with the contact and how the caller came."""

    phone = Typed(label=_("电话"), limit=40, widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}))
    name = Typed(label=_("称呼"), limit=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    agreed = forms.BooleanField(required=False, label=_("对方已同意"))
    consent = Typed(limit=40, widget=forms.HiddenInput)
    channel = forms.ChoiceField(
        label=_("来源"),
        choices=[(c.value, c.label) for c in (Channel.PHONE, Channel.ONSITE)],
        required=False,
        widget=forms.RadioSelect,
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("phone") and not said.get("agreed"):
            self.add_error("agreed", _("请念完同意书，对方同意后勾选；不同意就清空电话，照样受理。"))
        if said.get("name") and not said.get("phone") and "phone" not in self.errors:
            self.add_error("phone", _("只有称呼联系不上：请补上电话，或把称呼清空。"))
        return said


TEXT_LABELS = {
    "accept": _("备注"),
    "decline": _("不予立案的原因"),
    "dispatch": _("派遣意见"),
    "sign": _("备注"),
    "return": _("退单原因"),
    "feed_back": _("处理结果"),
    "pass": _("核查情况"),
    "rework": _("返工原因"),
    "close": _("结案意见"),
    "call_back": _("居民怎么说"),
    "reopen": _("重开原因"),
    "note": _("备注内容"),
}
TEXT_NEEDED = frozenset({"decline", "return", "feed_back", "rework", "reopen", "note"})
WITH_PHOTOS = frozenset({"feed_back", "pass", "rework", "note"})


class StepForm(forms.Form):
    """One step. What a verb needs beyond this is asked by the action, which knows the flow."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    text = Typed(limit=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, verb: str, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial, auto_id=f"id_{verb}_%s")
        self.verb = verb
        self.fields["text"].label = TEXT_LABELS.get(verb, _("备注"))
        if verb == "dispatch":
            self.fields["body"] = forms.IntegerField(
                required=False, label=_("承办单位"), min_value=1, max_value=BIG_ID, widget=forms.Select
            )
        if verb == "accept":
            self.fields["class_code"] = forms.CharField(
                required=False, label=_("更正问题类型"), max_length=8, widget=forms.Select
            )
        if verb == "call_back":
            self.fields["outcome"] = forms.ChoiceField(
                required=False, label=_("解决了吗？"), choices=Outcome.choices, widget=forms.RadioSelect
            )
            self.fields["satisfaction"] = forms.ChoiceField(
                required=False,
                label=_("满意吗？"),
                choices=Satisfaction.choices,
                widget=forms.RadioSelect,
            )

    @property
    def needs_text(self) -> bool:
        return self.verb in TEXT_NEEDED

    @property
    def takes_photos(self) -> bool:
        return self.verb in WITH_PHOTOS


class ReasonForm(forms.Form):
    """Why a contact is read: written to the log that the auditor reads."""

    reason = Typed(label=_("查看原因"), limit=REASON_MAX)
