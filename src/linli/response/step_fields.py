"""What each verb asks beyond a text: its own fields, by verb. Choices that depend on the case are filled by the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.organisations.choices import SOCIETY
from linli.worktime.rules import Unit

from .choices import CallResult, Outcome, Satisfaction, TimeKind
from .texts import TEXT_MAX

REASON_MAX = 200
BIG_ID = 2**62


class Typed(forms.CharField):
    """Text as typed: never required here, no NUL, which no database keeps. How long it may be is the action's to say."""

    def __init__(self, *, limit: int, **kwargs: Any) -> None:
        super().__init__(required=kwargs.pop("required", False), **kwargs)
        self.widget.attrs["maxlength"] = limit

    def to_python(self, value: Any) -> str:
        return str(super().to_python((value or "").replace("\0", "")))


class LocalMoment(forms.Field):
    """A moment on the wall clock of Shanghai, as the browser's picker sends it: 2026-11-22T18:00."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def prepare_value(self, value: Any) -> Any:
        return clock.local(value).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value

    def to_python(self, value: Any) -> datetime | None:
        text = str(value or "").strip()
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
            if not 2000 < moment.year < 2050:
                raise ValueError(text)
        except ValueError:
            raise forms.ValidationError(_("时间要写成 2026-11-22 18:00 这样。"), code="bad_moment") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=clock.SHANGHAI)


def one_body(label: Any) -> Callable[[], forms.Field]:
    return lambda: forms.IntegerField(
        required=False, label=label, min_value=1, max_value=BIG_ID, widget=forms.Select(attrs={"data-bodies": ""})
    )


class ManyIds(forms.Field):
    """Several ids out of a list that the page fills."""

    widget = forms.SelectMultiple

    def to_python(self, value: Any) -> list[int]:
        return [int(v) for v in value or () if str(v).isascii() and str(v).isdigit() and len(str(v)) <= 18]


class Parts(forms.MultiValueField):
    """Up to four parts of a case: a class and what is to be done. The page fills the classes."""

    MOST = 4

    def __init__(self, **kwargs: Any) -> None:
        fields: list[forms.Field] = []
        widgets: list[forms.Widget] = []
        for _n in range(self.MOST):
            code, text = forms.CharField(required=False, max_length=8), Typed(limit=TEXT_MAX)
            fields += [code, text]
            widgets += [forms.Select(), forms.TextInput(attrs={"maxlength": TEXT_MAX})]
        widget = forms.MultiWidget(widgets)
        widget.decompress = lambda value: []  # type: ignore[method-assign]
        super().__init__(fields, require_all_fields=False, widget=widget, **kwargs)

    def compress(self, data_list: list[Any]) -> list[tuple[str, str]]:
        pairs = zip(data_list[::2], data_list[1::2], strict=True)
        return [(code or "", text or "") for code, text in pairs if code or (text or "").strip()]


UNITS = [
    (Unit.URGENT_HOUR.value, _("紧急工作时")),
    (Unit.WORKING_HOUR.value, _("工作时")),
    (Unit.WORKING_DAY.value, _("工作日")),
    (Unit.NATURAL_DAY.value, _("自然日")),
]


def _choice(label: Any, choices: Any, widget: Any = forms.RadioSelect) -> Callable[[], forms.Field]:
    return lambda: forms.ChoiceField(required=False, label=label, choices=choices, widget=widget)


PLACE_FIELDS = frozenset({"place_q", "pick", "lon", "lat", "place_source"})
"""Where a matter is that came as a question; the page shows them for such a one only."""

FIELDS: dict[str, dict[str, Callable[[], forms.Field]]] = {
    "accept": {
        "place_q": lambda: Typed(label=_("地点"), limit=60),
        "pick": lambda: Typed(label=_("地点"), limit=80),
        "lon": lambda: forms.FloatField(required=False, widget=forms.HiddenInput),
        "lat": lambda: forms.FloatField(required=False, widget=forms.HiddenInput),
        "place_source": lambda: Typed(limit=12, widget=forms.HiddenInput),
        "class_code": lambda: forms.CharField(
            required=False, label=_("更正问题类型"), max_length=8, widget=forms.Select
        ),
    },
    "dispatch": {"body": one_body(_("主办单位")), "joint": lambda: ManyIds(required=False, label=_("协办单位"))},
    "seek_finding": {"joint": lambda: ManyIds(required=False, label=_("请哪些单位到场"))},
    "find": {"body": one_body(_("主办单位")), "joint": lambda: ManyIds(required=False, label=_("协办单位"))},
    "offer": {
        "body": one_body(_("无人认领时的责任单位")),
        "kinds": lambda: forms.MultipleChoiceField(
            required=False,
            label=_("邀请谁"),
            choices=[(k.value, k.label) for k in SOCIETY],
            widget=forms.CheckboxSelectMultiple,
        ),
        "bodies": lambda: ManyIds(required=False, label=_("只邀请这些单位")),
        "claim_by": lambda: LocalMoment(required=False, label=_("认领截止")),
        "cleared": lambda: forms.BooleanField(required=False, label=_("已核对：说明里没有姓名、电话、门牌等个人信息")),
    },
    "release_assist": {"joint": lambda: ManyIds(required=False, label=_("解除哪些单位"))},
    "claim": {"body": one_body(_("由哪个单位认领"))},
    "ask_transfer": {"body": one_body(_("转给哪个单位"))},
    "ask_time": {
        "time_kind": _choice(_("申请什么"), TimeKind.choices),
        "amount": lambda: forms.IntegerField(required=False, label=_("延期多少"), min_value=1, max_value=10_000),
        "unit": _choice(_("单位"), UNITS, forms.Select),
        "until": lambda: LocalMoment(required=False, label=_("暂停或缓办到")),
    },
    "split": {"parts": lambda: Parts(required=False, label=_("拆成哪几部分"))},
    "merge": {"parent": lambda: Typed(label=_("主案编号"), limit=32)},
    "call": {
        "call": _choice(_("通话结果"), CallResult.choices),
        "later": lambda: LocalMoment(required=False, label=_("约定再打的时间")),
    },
    "call_back": {
        "outcome": _choice(_("解决了吗？"), Outcome.choices),
        "satisfaction": _choice(_("满意吗？"), Satisfaction.choices),
    },
}
