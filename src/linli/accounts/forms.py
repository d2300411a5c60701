"""Text to typed values for the pages of this room. Nothing is saved here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Refusal
from linli.organisations import queries as organisations
from linli.organisations.choices import BodyKind

from . import places, rules
from .choices import PostKind


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent, even if it is empty: an empty form that was sent is wrong, one that was not sent is new."""
    return request.POST if request.method == "POST" else None


def show_refusal(form: forms.Form, refusal: Refusal) -> None:
    """Put a refusal's sentences at the fields they concern, or above the form."""
    placed = False
    for name, sentences in refusal.fields.items():
        if name in form.fields:
            form.add_error(name, [str(s) for s in sentences])
            placed = True
    if not placed:
        form.add_error(None, str(refusal.message))


class LoginForm(forms.Form):
    username = forms.CharField(
        label=_("登录名"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("密码"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).lower()


def _new_password() -> forms.PasswordInput:
    return forms.PasswordInput(attrs={"autocomplete": "new-password"})


class PasswordForm(forms.Form):
    old = forms.CharField(
        label=_("原密码"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("新密码"),
        max_length=200,
        strip=False,
        widget=_new_password(),
        help_text=_("至少 10 个字符，不要用姓名、登录名或常见的密码。"),
    )
    again = forms.CharField(label=_("再输一遍新密码"), max_length=200, strip=False, widget=_new_password())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("new") and data.get("again") and data["new"] != data["again"]:
            self.add_error("again", _("两次输入的新密码不一样。"))
        return data


class AccountForm(forms.Form):
    username = forms.CharField(
        label=_("登录名"),
        max_length=32,
        help_text=_("小写字母、数字、点、横线或下划线，以后不能改。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    display_name = forms.CharField(
        label=_("姓名"), max_length=64, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class NameForm(forms.Form):
    display_name = forms.CharField(
        label=_("姓名"), max_length=64, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class PostForm(forms.Form):
    """The fields depend on the kind of post: only the divisions and bodies it can have are offered."""

    division = forms.ChoiceField(label=_("区划"))
    body = forms.TypedChoiceField(label=_("所在单位"), coerce=int, empty_value=None)

    def __init__(self, *args: Any, kind: PostKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rule = rules.POST_RULES[kind]
        self.fields["division"].choices = places.division_choices(rule.levels)  # type: ignore[attr-defined]
        if not rule.needs_body:
            del self.fields["body"]
            return
        only = {BodyKind.GRID_TEAM, BodyKind.COMMUNITY_COMMITTEE} if kind == PostKind.GRID_WORKER else None
        groups: dict[str, list[tuple[int, str]]] = {}
        for b in organisations.bodies(kinds=only):
            groups.setdefault(b.kind, []).append((b.id, b.name))
        self.fields["body"].choices = [  # type: ignore[attr-defined]
            ("", _("请选择")),
            *((BodyKind(k).label, groups[k]) for k in BodyKind.values if k in groups),
        ]


class TokenForm(forms.Form):
    username = forms.CharField(
        label=_("账号的登录名"),
        max_length=64,
        help_text=_("程序以这个账号的岗位办事。最好为程序单独建一个账号。"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    name = forms.CharField(label=_("用途"), max_length=64, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    scopes = forms.MultipleChoiceField(
        label=_("可用的岗位"),
        choices=[c for c in PostKind.choices if c[0] != PostKind.ADMINISTRATOR],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("只有账号本身也担任的岗位才起作用。"),
    )
    days = forms.IntegerField(label=_("有效天数"), min_value=1, max_value=730, initial=180)

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).lower()


class BodyForm(forms.Form):
    name = forms.CharField(label=_("名称"), max_length=80)
    short_name = forms.CharField(label=_("简称"), max_length=24)


class NewBodyForm(BodyForm):
    code = forms.CharField(label=_("代码"), max_length=32, help_text=_("字母、数字或连字符，以后不能改。"))
    kind = forms.ChoiceField(label=_("类别"), choices=BodyKind.choices)
    division = forms.ChoiceField(label=_("所在区划"))
    field_order = ("code", "name", "short_name", "kind", "division")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["division"].choices = places.division_choices({6, 9, 12})  # type: ignore[attr-defined]


class MergeForm(forms.Form):
    into = forms.TypedChoiceField(label=_("并入"), coerce=int)

    def __init__(self, *args: Any, body: organisations.BodyView, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [(b.id, b.name) for b in organisations.bodies() if b.id != body.id]
        same = [(b.id, b.name) for b in organisations.bodies(kinds={body.kind}) if b.id != body.id]
        self.fields["into"].choices = [  # type: ignore[attr-defined]
            ("", _("请选择")),
            (BodyKind(body.kind).label, same),
            (_("其他类别"), [o for o in others if o not in same]),
        ]


class BodiesFileForm(forms.Form):
    file = forms.FileField(
        label=_("单位表"),
        help_text=_(
            "CSV，首行是列名：code、name、short_name、kind、division，另可有 provisional、source；编码 UTF-8 或 GB18030。"
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )
