"""A whistle as it is typed, and one step on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linli.response.step_fields import BIG_ID, LocalMoment, Typed
from linli.response.texts import TEXT_MAX

from ..answering import BODIES_MOST
from ..choices import AnswerMode, Verdict


class CallForm(forms.Form):
    """Kind, place, bodies in rows, what is asked. Choices are filled by the page."""

    kind = forms.ChoiceField(required=False, label=_("哪一类"), widget=forms.RadioSelect)
    case = Typed(limit=400, widget=forms.HiddenInput)
    place_q = Typed(label=_("地点"), limit=60)
    lon = forms.FloatField(required=False, widget=forms.HiddenInput)
    lat = forms.FloatField(required=False, widget=forms.HiddenInput)
    place_source = Typed(limit=12, widget=forms.HiddenInput)
    pick = Typed(label=_("地点"), limit=80)
    question = Typed(
        label=_("请他们来办什么"), limit=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip
    client_key = Typed(limit=40, widget=forms.HiddenInput)

    def __init__(
        self, data: Any = None, *, kinds: Iterable[tuple[str, str]] = (), bodies: Any = (), **more: Any
    ) -> None:
        super().__init__(data, **more)
        self.fields["kind"].choices = list(kinds)  # type: ignore[attr-defined]
        self.places: tuple[Any, ...] = ()  # what the words of a place may mean, to choose from
        ways = [("", _("按类别")), *AnswerMode.choices]
        for n in range(BODIES_MOST):
            self.fields[f"body_{n}"] = forms.IntegerField(
                required=False, label=_("单位"), min_value=1, max_value=BIG_ID,
                widget=forms.Select(choices=bodies, attrs={"data-bodies": ""}),
            )  # fmt: skip
            self.fields[f"mode_{n}"] = forms.CharField(
                required=False, label=_("怎样响应"), max_length=12, widget=forms.Select(choices=ways)
            )
            self.fields[f"due_{n}"] = LocalMoment(required=False, label=_("最迟时间"))

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField, forms.BoundField]]:
        """(body, mode, due) of every row."""
        return [(self[f"body_{n}"], self[f"mode_{n}"], self[f"due_{n}"]) for n in range(BODIES_MOST)]

    def asked(self) -> list[tuple[int, int, str, Any]]:
        """(row, body, mode, due) of the rows in which a body was chosen."""
        said = self.cleaned_data
        return [
            (n, said[f"body_{n}"], said.get(f"mode_{n}") or "", said.get(f"due_{n}"))
            for n in range(BODIES_MOST)
            if said.get(f"body_{n}")
        ]


TEXTS = {
    "answer": _("办得怎样"),
    "release": _("为什么不再需要"),
    "fail": _("为什么要提请共商"),
    "withdraw": _("撤回的原因"),
    "note": _("备注内容"),
}


class StepForm(forms.Form):
    """One step: what was seen, for which body, the text, the verdicts."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    seq = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)
    body = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1, max_value=BIG_ID)

    def __init__(
        self, verb: str, data: Any = None, *, bodies: Iterable[tuple[int, str, str]] = (), mine: int = 0, **more: Any
    ) -> None:
        """`bodies`: (id, name, verdict so far) of those that are judged or may be released."""
        super().__init__(data, auto_id=f"id_{verb}_{mine or ''}_%s", **more)
        self.verb, listed = verb, list(bodies)
        if verb in TEXTS:
            self.fields["text"] = Typed(label=TEXTS[verb], limit=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 3}))
        if verb == "release":
            choices = [("", _("请选择")), *((i, name) for i, name, _v in listed)]
            self.fields["body"] = forms.IntegerField(
                required=False, label=_("解除哪个单位"), min_value=1, max_value=BIG_ID,
                widget=forms.Select(choices=choices),
            )  # fmt: skip
        if verb in ("settle", "fail"):
            for body_id, name, verdict in listed:
                self.fields[f"verdict_{body_id}"] = forms.ChoiceField(
                    required=False, label=name, choices=Verdict.choices, widget=forms.RadioSelect, initial=verdict
                )

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields that are seen, the text last."""
        fields = [self[n] for n in self.fields if n.startswith("verdict_")]
        fields += [self["body"]] if self.verb == "release" else []
        return fields + ([self["text"]] if "text" in self.fields else [])

    def verdicts(self) -> dict[int, str]:
        """By body, those that were said."""
        return {int(n[8:]): v for n, v in self.cleaned_data.items() if n.startswith("verdict_") and v}
