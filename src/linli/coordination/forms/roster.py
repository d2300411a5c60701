"""Text to typed values: a body put on call, what a slot says."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linli.response.step_fields import BIG_ID

from ..actions.roster import NewSlot
from ..queries.roster import accounts_at, bodies_for
from .choices import VERSION_MOST


class SlotForm(forms.Form):
    """A body on call in a shift of a day. `held` is the slot that stands: its body stays, a leader may be named."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=VERSION_MOST)
    day = forms.DateField(widget=forms.HiddenInput)
    shift = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=BIG_ID)
    body = forms.TypedChoiceField(label=_("值班单位"), coerce=int)
    telephone = forms.CharField(
        label=_("值班电话"), required=False, max_length=24, help_text=_("单位的值班电话，不填个人手机。"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    account = forms.TypedChoiceField(
        label=_("带班账号"), coerce=int, empty_value=None, required=False, help_text=_("可以不写名字，只写单位。")
    )

    def __init__(self, division: str, held: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        body, account = self.fields["body"], self.fields["account"]
        assert isinstance(body, forms.ChoiceField)
        assert isinstance(account, forms.ChoiceField)
        if held is None:
            near = bodies_for(division)
            body.choices = [("", _("请选择单位")), *((b.id, b.name) for b in near)]
            body.widget.attrs["data-pick"] = ""
            del self.fields["account"]
        else:
            body.widget = forms.HiddenInput()
            body.choices = [(held.body_id, "")]
            account.choices = [
                ("", _("不写名字")),
                *sorted(accounts_at(held.body_id, division).items(), key=lambda i: i[1]),
            ]

    def slot(self) -> NewSlot:
        said = self.cleaned_data
        return NewSlot(said["day"], said["shift"], said["body"], said["telephone"], said.get("account"))
