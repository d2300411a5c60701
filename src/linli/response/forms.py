"""Text of staff to typed values: a report taken at the desk or in the field, a step of the chain, a reason for reading."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .choices import CallResult, Channel, Satisfaction
from .class_rules import WITH_PHOTOS
from .rules import TEXT_NEED
from .step_fields import BIG_ID, FIELDS, PLACE_FIELDS, REASON_MAX, LocalMoment, Typed
from .texts import LINE_MAX, TEXT_MAX


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
    mended = forms.BooleanField(required=False, label=_("我已当场处理"))
    result = Typed(label=_("怎么处理的"), limit=TEXT_MAX)
    description = Typed(label=_("问题描述"), limit=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 3}))
    client_key = Typed(limit=40, widget=forms.HiddenInput)


class ReportForm(FieldForm):
    """What an operator or a desk writes down: the same, with the contact and how the caller came; or what was asked,
    the answer that was read out (`article` is its version) and where the caller lives."""

    question = Typed(label=_("对方问什么"), limit=80)
    article = forms.IntegerField(required=False, min_value=1, max_value=BIG_ID, widget=forms.HiddenInput)
    said = Typed(label=_("念给对方的答复"), limit=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 4}))
    question_class = Typed(label=_("咨询类型"), limit=8)
    division = Typed(label=_("来电人在"), limit=12)
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


# What the one text means for a verb; "备注" where nothing is said.
TEXT_LABELS = {
    "decline": _("不予立案的原因"),
    "answer": _("答复内容"),
    "mend": _("处置情况"),
    "dispatch": _("派遣意见"),
    "seek_finding": _("哪里不清楚"),
    "find": _("认定的理由"),
    "offer": _("给大家看的说明"),
    "withdraw_offer": _("收回的原因"),
    "give_up": _("放弃的原因"),
    "ask_return": _("退单原因"),
    "refuse_return": _("不同意的原因"),
    "ask_transfer": _("转办原因"),
    "refuse_transfer": _("不接收的原因"),
    "recall_transfer": _("收回的原因"),
    "assist_report": _("协办情况"),
    "release_assist": _("为什么不再需要"),
    "supervise": _("督办的要求"),
    "contacted": _("对方怎么说"),
    "feed_back": _("处理结果"),
    "ask_time": _("申请的原因"),
    "refuse_time": _("不同意的原因"),
    "remind": _("催办的话"),
    "escalate": _("提级的原因"),
    "merge": _("备注"),
    "unmerge": _("解除的原因"),
    "pass": _("核查情况"),
    "rework": _("返工原因"),
    "close": _("结案意见"),
    "call": _("通话记录"),
    "call_back": _("居民怎么说"),
    "reopen": _("重开原因"),
    "thank": _("感谢的话"),
    "note": _("备注内容"),
}
TEXT_NEEDED = frozenset(TEXT_NEED) | {"offer", "supervise", "escalate"}


class StepForm(forms.Form):
    """One step. What a verb needs beyond this is asked by the action, which knows the flow."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    text = Typed(limit=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, verb: str, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial, auto_id=f"id_{verb}_%s")
        self.verb = verb
        self.fields["text"].label = TEXT_LABELS.get(verb, _("备注"))
        self.fields.update({name: field() for name, field in FIELDS.get(verb, {}).items()})
        self.places: tuple[Any, ...] = ()  # what the words of a place may mean, to choose from

    @property
    def needs_text(self) -> bool:
        return self.verb in TEXT_NEEDED

    @property
    def takes_photos(self) -> bool:
        return self.verb in WITH_PHOTOS

    @property
    def own(self) -> list[forms.BoundField]:
        """The fields that only this verb has, in order."""
        return [self[name] for name in FIELDS.get(self.verb, {}) if name not in PLACE_FIELDS | {"class_code"}]

    def said(self) -> dict[str, Any]:
        """What the own fields say, for `Step.extra`; empty ones are left out."""
        known = {"body", "class_code", "outcome", "satisfaction"} | PLACE_FIELDS
        given = {n: self.cleaned_data.get(n) for n in FIELDS.get(self.verb, {}) if n not in known}
        return {n: v for n, v in given.items() if v not in (None, "", [], ())}


class CallForm(forms.Form):
    """What an operator writes down after dialling: what came of it, and what was said if somebody spoke."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    result = forms.ChoiceField(
        required=False, label=_("通话结果"), choices=CallResult.choices, widget=forms.RadioSelect
    )
    outcome = forms.ChoiceField(
        required=False,
        label=_("解决了吗？"),
        choices=[
            ("solved", _("解决了")),
            ("explained", _("没有全部解决，但讲清了原因")),
            ("unsolved", _("没有解决，要重办")),
        ],
        widget=forms.RadioSelect,
    )
    satisfaction = forms.ChoiceField(
        required=False, label=_("满意吗？"), choices=Satisfaction.choices, widget=forms.RadioSelect
    )
    later = LocalMoment(required=False, label=_("约定再打的时间"))
    text = Typed(label=_("对方怎么说"), limit=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 3}))


class ReasonForm(forms.Form):
    """Why a contact is read: written to the log that the auditor reads."""

    reason = Typed(label=_("查看原因"), limit=REASON_MAX)
