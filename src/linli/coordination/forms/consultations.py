"""Planning a consultation, and one step on it or on an item of its agenda."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linli.response.step_fields import BIG_ID, LocalMoment, Typed
from linli.response.texts import TEXT_MAX

VENUE_MAX = TITLE_MAX = 80


class PlanForm(forms.Form):
    """When and where."""

    meets_at = LocalMoment(required=False, label=_("什么时候"))
    venue = Typed(label=_("在哪里"), limit=VENUE_MAX)
    client_key = Typed(limit=40, widget=forms.HiddenInput)


class Day(forms.Field):
    """A day as the browser's picker sends it."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def to_python(self, value: Any) -> date | None:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            day = date.fromisoformat(text)
            if not 2000 < day.year < 2100:
                raise ValueError(text)
        except ValueError:
            raise forms.ValidationError(_("日期要写成 2026-11-22 这样。"), code="bad_day") from None
        return day


TEXTS = {
    "decide_item": _("议定内容"),
    "defer_item": _("为什么下次再议"),
    "reject_item": _("为什么不予议定"),
    "do_item": _("落实情况"),
    "cancel": _("取消的原因"),
    "note": _("备注内容"),
}


class PressForm(forms.Form):
    """One step: what was seen, which item or summons, and what the verb asks."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    item = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1, max_value=BIG_ID)
    summons = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1, max_value=BIG_ID)
    order = Typed(limit=2000, widget=forms.HiddenInput)

    def __init__(self, verb: str, data: Any = None, *, bodies: Any = (), item: int = 0, **more: Any) -> None:
        super().__init__(data, auto_id=f"id_{verb}_{item or ''}_%s", **more)
        self.verb = verb
        if verb in TEXTS:
            self.fields["text"] = Typed(label=TEXTS[verb], limit=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 3}))
        if verb == "decide_item":
            self.fields["body"] = forms.IntegerField(
                required=False, label=_("牵头单位"), min_value=1, max_value=BIG_ID,
                widget=forms.Select(choices=bodies, attrs={"data-bodies": ""}),
            )  # fmt: skip
            self.fields["due_on"] = Day(required=False, label=_("落实期限"))
        if verb == "list_item":
            self.fields["title"] = Typed(label=_("临时提议的议题"), limit=TITLE_MAX)
        if verb == "reschedule":
            self.fields["meets_at"] = LocalMoment(required=False, label=_("什么时候"))
            self.fields["venue"] = Typed(label=_("在哪里"), limit=VENUE_MAX)

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields that are seen."""
        return [self[n] for n in self.fields if n not in ("version", "item", "summons", "order")]

    def ordered(self) -> tuple[int, ...]:
        """The ids of all items in their new order."""
        return tuple(int(p) for p in self.cleaned_data["order"].split() if p.isascii() and p.isdigit() and len(p) < 19)
