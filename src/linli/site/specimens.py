"""What /styleguide/ shows: invented values in every state, long names and empty lists among them. No database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linli.core import clock

from . import icons


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=_("名称"), max_length=20, help_text=_("最多 20 字。"))
    phone = forms.CharField(label=_("手机号"), required=False, help_text=_("只用于告诉您结果，办结 90 天后删除。"))
    words = forms.CharField(label=_("问题描述"), widget=forms.Textarea(attrs={"rows": 3, "maxlength": 500}))
    street = forms.ChoiceField(
        label=_("街道"), choices=[("", _("请选择")), ("110102011", _("牛街街道"))], required=False
    )
    kind = forms.ChoiceField(
        label=_("像是哪一类？"),
        widget=forms.RadioSelect,
        choices=[("a", _("暴露垃圾")), ("b", _("积存渣土")), ("c", _("道路不洁")), ("", _("不知道，请工作人员判断"))],
        required=False,
    )
    agree = forms.BooleanField(label=_("我已阅读并同意用途说明"))


def _matter(title: Any, place: Any, stage: Any, due_h: float | None, closed: bool = False) -> SimpleNamespace:
    now = clock.now()
    return SimpleNamespace(
        title=title,
        place=place,
        stage=stage,
        due_at=None if due_h is None else now + timedelta(hours=due_h),
        closed_at=now if closed else None,
        opened_at=now - timedelta(hours=30),
        number="XC-20261122-0042",
    )


def context(query: Mapping[str, str]) -> dict[str, Any]:
    """Everything the page needs; `?state=error|empty|long` chooses what a test looks at."""
    state = query.get("state", "")
    empty, wrong = SampleForm(), SampleForm({"phone": "1380013", "kind": "z"})
    wrong.is_valid()
    wrong.add_error("phone", str(_("手机号应为 11 位数字")))
    long_name = _(
        "西城区广安门外街道红莲南里社区居民委员会辖区内名称特别长的一处老旧小区东侧无名小路与红莲南路交叉口西北角"
    )
    matters = [
        _matter(_("施工占道"), _("西长安街 西交民巷社区，近西交民巷"), _("处理中"), -39.3),
        _matter(_("自来水管破裂"), _("西长安街 西黄城根南街社区"), _("待签收"), 1.7),
        _matter(_("动物尸体清理"), _("月坛 三里河一区社区"), _("待派遣"), 52),
        _matter(_("井盖缺失"), _("牛街 春风社区"), _("无时限"), None),
        _matter(_("露天烧烤"), _("新街口 北顺社区"), _("已归档"), -2, closed=True),
    ]
    if state == "long":
        matters.insert(0, _matter(long_name, long_name, _("处理中"), -400))
    now = clock.now()
    return {
        "state": state,
        "form": wrong if state == "error" else None,
        "empty_form": wrong if state == "error" else empty,
        "matters": [] if state == "empty" else matters,
        "long_name": long_name,
        "streets": [(_("金融街"), 34, 6, 2, 26), (_("西长安街"), 42, 4, 0, 38), (_("大栅栏"), 7, 2, 1, 4)],
        "page": SimpleNamespace(prev_url="?", next_url="?", say=_("第 51–100 件")),
        "moments": [now, now - timedelta(minutes=8), now - timedelta(hours=20), now - timedelta(days=9)],
        "icons": icons.LINES,
    }
