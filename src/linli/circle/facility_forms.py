"""Text to typed values: facilities, files of facilities, versions of catalogues, completeness."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linli.core import clock
from linli.territory import queries as territory

from .actions.facilities import FacilityFacts
from .choices import Datum, Provenance, Whole
from .queries import imports

ACCESS = (("", _("未知")), ("yes", _("可以")), ("limited", _("部分可以")), ("no", _("不可以")))
SCHEMES = {"osm": _("OpenStreetMap 标签"), "amap": _("高德类型编码"), "city": _("本区清单")}


class Day(forms.DateInput):
    """A date field of the browser, in ISO form."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


def scheme_choices() -> list[tuple[str, Any]]:
    """The schemes that class rules speak of, a list of one's own first."""
    return sorted(((s, SCHEMES.get(s, s)) for s in imports.schemes()), key=lambda c: (c[0] != "city", c[0]))


def class_choices() -> list[tuple[str, Any]]:
    """scheme:key of every class that class rules speak of, by scheme."""
    return [
        (str(label), [(f"{s}:{k}", k) for k in imports.known_classes(s) if not k.endswith("*")])
        for s, label in scheme_choices()
    ]


class FacilityForm(forms.Form):
    name = forms.CharField(label=_("名称"), max_length=200)
    klass = forms.ChoiceField(label=_("类别"), help_text=_("类别说明它提供目录里的哪些项目。"))
    address = forms.CharField(label=_("地址"), required=False, max_length=200)
    opening_hours = forms.CharField(
        label=_("开放时间"), required=False, max_length=200, help_text=_("例如 Mo-Su 08:00-20:00，或照门牌写。")
    )
    wheelchair = forms.ChoiceField(label=_("轮椅能否进出"), required=False, choices=ACCESS)
    source = forms.CharField(label=_("出处"), max_length=400, help_text=_("谁、什么时候、怎么知道的。"))
    provenance = forms.ChoiceField(label=_("可信程度"), choices=Provenance.choices, initial=Provenance.PROVISIONAL)
    opened_on = forms.DateField(label=_("开放日期"), required=False, widget=Day(), help_text=_("不知道就不填。"))
    place = forms.ChoiceField(
        label=_("位置变了，是因为"),
        required=False,
        choices=(("moved", _("搬了家")), ("corrected", _("原来写错了"))),
        help_text=_("搬家以前的日期仍按原址算；更正的位置，以前的日期也按新位置算。"),
    )
    moved_on = forms.DateField(label=_("哪天搬的"), required=False, widget=Day(), help_text=_("不填就是今天。"))
    lon = forms.FloatField(label=_("经度"), min_value=-180, max_value=180)
    lat = forms.FloatField(label=_("纬度"), min_value=-90, max_value=90)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = class_choices()
        now = (self.initial or {}).get("klass", "")
        listed = {value for _label, group in known for value, _text in group}
        self.fields["klass"].choices = [*([(now, now.partition(":")[2])] if now and now not in listed else []), *known]  # type: ignore[attr-defined]
        for name in ("opened_on", "moved_on"):
            self.fields[name].widget.attrs["max"] = clock.today().isoformat()

    def moved(self) -> date | None:
        """Since when it stands at a new place; None when the old one was written wrong."""
        d = self.cleaned_data
        return None if d["place"] == "corrected" else d["moved_on"] or clock.today()

    def facts(self) -> FacilityFacts:
        """What the person said of it."""
        d = self.cleaned_data
        scheme, _colon, key = d["klass"].partition(":")
        return FacilityFacts(
            name=d["name"], scheme=scheme, class_key=key, address=d["address"], opening_hours=d["opening_hours"],
            wheelchair=d["wheelchair"], source=d["source"], provenance=d["provenance"],
        )  # fmt: skip


class DayForm(forms.Form):
    on = forms.DateField(label=_("从哪天起"), widget=Day())
    note = forms.CharField(label=_("说明"), required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("on", clock.today())


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("文件"),
        help_text=_("XLSX、CSV、GeoJSON 或 GeoPackage，最多 30 MB、2 万行。"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.csv,.txt,.geojson,.json,.gpkg"}),
    )
    scheme = forms.ChoiceField(label=_("类别用的是"))
    datum = forms.ChoiceField(
        label=_("坐标系"),
        choices=Datum.choices,
        help_text=_("高德、腾讯是 GCJ-02，百度是 BD-09，GPS 和 OpenStreetMap 是 WGS-84。"),
    )
    source = forms.CharField(label=_("出处"), max_length=400)
    provenance = forms.ChoiceField(label=_("可信程度"), choices=Provenance.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scheme"].choices = scheme_choices()  # type: ignore[attr-defined]


class PublishForm(forms.Form):
    name = forms.CharField(label=_("名称"), max_length=100)
    name_en = forms.CharField(label=_("英文名称"), required=False, max_length=160)
    valid_from = forms.DateField(label=_("从哪天起用"), widget=Day())
    provenance = forms.ChoiceField(label=_("可信程度"), choices=Provenance.choices)
    source = forms.CharField(label=_("出处"), max_length=400)


class CompletenessForm(forms.Form):
    items = forms.MultipleChoiceField(label=_("项目"), widget=forms.SelectMultiple(attrs={"size": 12}))
    communities = forms.MultipleChoiceField(
        label=_("社区"),
        widget=forms.SelectMultiple(attrs={"size": 12}),
        help_text=_("按住 Ctrl 或 ⌘ 可以选几个；选街道就是它的全部社区。"),
    )
    state = forms.ChoiceField(label=_("查到什么程度"), choices=Whole.choices)
    as_of = forms.DateField(label=_("截至"), widget=Day())
    source = forms.CharField(label=_("谁查的、怎么查的"), max_length=400)

    def __init__(self, *args: Any, items: list[Any], places: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["items"].choices = items  # type: ignore[attr-defined]
        self.fields["communities"].choices = places  # type: ignore[attr-defined]
        self.initial.setdefault("as_of", clock.today())

    def chosen(self) -> dict[str, Any]:
        """What the action takes; a subdistrict stands for its communities."""
        d: dict[str, Any] = dict(self.cleaned_data)
        codes: list[str] = []
        for code in d["communities"]:
            codes += [code] if len(code) == 12 else [c.code for c in territory.divisions(12, code)]
        d["communities"] = list(dict.fromkeys(codes))
        return d


def day_of(text: str) -> date | None:
    """A day of an address, or None."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
