"""Text to typed values: the upload of a boundary file."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from .choices import Layer
from .polygons import LARGEST_BYTES


class BoundaryForm(forms.Form):
    """One layer, one file that holds all of it."""

    layer = forms.ChoiceField(
        label=_("图层"), choices=Layer.choices, error_messages={"required": _("请选择图层。")}, widget=forms.RadioSelect
    )
    file = forms.FileField(
        label=_("GeoJSON 或 GeoPackage 文件"),
        help_text=_("WGS-84 或 CGCS2000 经纬度，最多 20 MB；每个面有 code 和 name；一个文件包含整层。"),
        error_messages={"required": _("请选择文件。"), "empty": _("文件是空的。")},
        widget=forms.ClearableFileInput(
            attrs={"accept": ".geojson,.json,.gpkg,application/geo+json,application/geopackage+sqlite3"}
        ),
    )

    def clean_file(self):  # type: ignore[no-untyped-def]
        """Refused by size before it is read into memory."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_BYTES:
            raise forms.ValidationError(_("文件太大，最多 20 MB。"))
        return file
