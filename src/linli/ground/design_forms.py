"""Text to typed values: a new draft, a design, files of a draft, its day."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.territory import queries as territory

from .choices import BarrierKind
from .norms import norms

GROUND, WGS84, GCJ02 = "file", "wgs84", "gcj02"
SYSTEMS = ((WGS84, _("WGS-84（CGCS2000 也选这个）")), (GCJ02, _("GCJ-02（高德、腾讯）")))


class Day(forms.DateInput):
    """A date field of the browser, in ISO form."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def _number(key: str, label: Any) -> forms.IntegerField:
    norm = norms()[key]
    return forms.IntegerField(label=label, min_value=norm.least, max_value=norm.most, initial=norm.value)


class Named(forms.Form):
    """Forms that stand on one page tell their fields apart by `ids`."""

    ids = "id"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", f"{self.ids}_%s")
        super().__init__(*args, **kwargs)


class NewForm(forms.Form):
    name = forms.CharField(label=_("名称"), max_length=80, help_text=_("公开的标题，不要写个人。"))
    scope = forms.ChoiceField(label=_("范围"))
    file = forms.FileField(
        label=_("自定地面的文件"), required=False,
        help_text=_("只在范围选“自定地面”时用：GeoJSON 或 GeoPackage 的面，最多 20 MB。"),
    )  # fmt: skip
    system = forms.ChoiceField(label=_("文件的坐标系"), choices=SYSTEMS, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scope"]
        assert isinstance(field, forms.ChoiceField)
        whole = territory.district()
        drawn = set(territory.division_boundaries(12))
        towns = [(d.code, d.name) for d in territory.divisions(9, whole.code)]
        field.choices = [
            (whole.code, _("全区：%(name)s") % {"name": whole.name}),
            (_("街道"), towns),
            *((name, [(d.code, d.name) for d in territory.divisions(12, code) if d.code in drawn]) for code, name in towns),
            (GROUND, _("自定地面（只研究，不生效）")),
        ]  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("scope") == GROUND and not data.get("file"):
            self.add_error("file", _("请选一个文件。"))
        return data


class DesignForm(Named):
    ids = "run"
    target_m2 = _number("target_m2", _("目标面积（平方米）"))
    kinds = forms.MultipleChoiceField(
        label=_("沿哪些线划分"), choices=BarrierKind.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    width_m = _number("width_m", _("窄于多少米不单独成格"))
    smallest = _number("smallest", _("小于目标的百分之几并入相邻"))


class BarrierForm(Named):
    ids = "lines"
    kind = forms.ChoiceField(label=_("种类"), choices=BarrierKind.choices, initial=BarrierKind.RAIL)
    file = forms.FileField(label=_("线或面的文件"), help_text=_("GeoJSON 或 GeoPackage，WGS-84。面取它的岸线。"))


class CellsForm(Named):
    ids = "cells"
    file = forms.FileField(
        label=_("网格文件"), help_text=_("GeoJSON 或 GeoPackage 的面，每格有十五位编码（列名 code 或“网格编码”）。")
    )
    system = forms.ChoiceField(label=_("坐标系"), choices=SYSTEMS)
    source = forms.CharField(label=_("出处"), max_length=200, help_text=_("谁测的、哪年的、文号。会显示出来。"))
    surveyed = forms.BooleanField(label=_("这是实测成果"), required=False, help_text=_("不勾选，生效后仍标“近似”。"))


class SubmitForm(Named):
    ids = "submit"
    effective_on = forms.DateField(label=_("生效日期"), widget=Day(), initial=clock.today)
