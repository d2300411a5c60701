"""Text of residents to typed values. What a value means is decided by the rooms below."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .choices import ADDRESS_MAX, DESCRIPTION_MAX


def too_long(limit: int, text: str) -> str:
    return str(_("最多 %(limit)s 字，现在是 %(n)s 字。") % {"limit": limit, "n": len(text)})


class Typed(forms.CharField):
    """Text as typed: no NUL, which no database keeps, and a limit that says by how much it was passed."""

    def __init__(self, *, limit: int, **kwargs: Any) -> None:
        super().__init__(required=kwargs.pop("required", False), **kwargs)
        self.limit = limit
        self.widget.attrs["maxlength"] = limit

    def to_python(self, value: Any) -> str:
        return str(super().to_python((value or "").replace("\0", "")))

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if len(text) > self.limit:
            raise forms.ValidationError(too_long(self.limit, text))
        return str(text)


class PlaceForm(forms.Form):
    """Only what a person without JavaScript searches; errors of the place stand here too."""

    q = Typed(label=_("按地名、小区或路口查找"), limit=60)


class WhatForm(forms.Form):
    """The second step. Which class codes exist is the catalogue's to say."""

    class_code = Typed(label=_("是哪一类问题？"), limit=8)
    description = Typed(
        label=_("问题描述"),
        limit=DESCRIPTION_MAX,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off"}),
    )
    photo = forms.Field(label=_("照片"), required=False, widget=forms.HiddenInput)
    address = Typed(
        label=_("详细位置"),
        limit=ADDRESS_MAX,
        help_text=_("例如：3 号楼东侧自行车棚旁。不用写门牌里的住户姓名。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class CheckForm(forms.Form):
    """The third step: a telephone number is never needed."""

    phone = Typed(
        label=_("联系电话"),
        limit=40,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"}),
    )
    name = Typed(label=_("称呼"), limit=40, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    agreed = forms.BooleanField(required=False, label=_("我同意"))
    leave_empty = forms.CharField(required=False, label=_("请留空"))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("leave_empty"):
            self.add_error("leave_empty", _("“请留空”一栏不要填写。"))
        if said.get("phone") and not said.get("agreed"):
            self.add_error("agreed", _("留电话需要您同意；不同意就把电话清空，照样受理。"))
        if said.get("name") and not said.get("phone") and "phone" not in self.errors:
            self.add_error("phone", _("只有称呼联系不上您：请补上电话，或把称呼清空。"))
        return said


class FollowForm(forms.Form):
    """Number and code of a receipt."""

    number = Typed(
        label=_("受理编号"),
        limit=40,
        required=True,
        error_messages={"required": _("请填写受理编号。")},
        help_text=_("回执上的数字，例如 261122-000042-7。"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    code = Typed(
        label=_("查询码"),
        limit=40,
        required=True,
        error_messages={"required": _("请填写查询码。")},
        help_text=_("回执上的十位字母和数字，不分大小写。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )


class AnswerForm(forms.Form):
    """The reporter's answer once a matter is closed."""

    outcome = forms.ChoiceField(
        label=_("问题解决了吗？"),
        choices=[("solved", _("解决了")), ("unsolved", _("没有解决，请重新办理"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择问题是否解决。"), "invalid_choice": _("请选择问题是否解决。")},
    )
    satisfaction = forms.ChoiceField(
        label=_("对办理满意吗？"),
        required=False,
        choices=[("satisfied", _("满意")), ("fair", _("基本满意")), ("dissatisfied", _("不满意"))],
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("请选择是否满意。")},
    )
    comment = Typed(
        label=_("还想说什么"),
        limit=DESCRIPTION_MAX,
        help_text=_("没有解决时，请写一写哪里没有解决。"),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("outcome") == "unsolved" and not said.get("comment") and "comment" not in self.errors:
            self.add_error("comment", _("请写一写哪里没有解决，好让工作人员重新办理。"))
        return said
