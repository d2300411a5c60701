"""Text to typed values: an article, a review date, a note, a file. Nothing is saved here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from linli.organisations import queries as organisations
from linli.territory import queries as territory

from . import queries
from .choices import (
    ANSWER_MAX,
    CODE_MAX,
    KEYWORDS_MAX,
    NOTE_MAX,
    QUESTION_MAX,
    SOURCE_MAX,
    SPOKEN_MAX,
    URL_MAX,
    Audience,
    Provenance,
)
from .rules import Content


class _Day(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ArticleForm(forms.Form):
    """One version as an author writes it. Lengths beyond the fields' are told by the rules, in the same words."""

    question = forms.CharField(
        label=pgettext_lazy("article", "问题"), max_length=QUESTION_MAX, help_text=_("像居民那样问，一句话。")
    )
    answer = forms.CharField(
        label=_("答复"),
        max_length=ANSWER_MAX,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("空一行另起一段；“1. ”开头是步骤，“- ”开头是列表；链接写作 [文字](https://example.org)。"),
    )
    spoken = forms.CharField(
        label=_("电话里怎么说"),
        required=False,
        max_length=SPOKEN_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("一两句，照着念就行。"),
    )
    keywords = forms.CharField(
        label=_("其他说法"), required=False, max_length=KEYWORDS_MAX, help_text=_("居民可能用的词，用空格隔开。")
    )
    category = forms.ChoiceField(label=_("类别"))
    audience = forms.ChoiceField(label=_("给谁看"), choices=Audience.choices)
    division = forms.ChoiceField(label=_("适用区划"), required=False)
    owner_body = forms.ChoiceField(label=_("责任单位"), required=False)
    provenance = forms.ChoiceField(label=_("依据"), choices=Provenance.choices, initial=Provenance.PROVISIONAL)
    source = forms.CharField(label=_("出处"), required=False, max_length=SOURCE_MAX, help_text=_("文件名称和文号。"))
    source_url = forms.CharField(label=_("出处网址"), required=False, max_length=URL_MAX)
    valid_from = forms.DateField(label=_("生效日期"), required=False, widget=_Day)
    valid_to = forms.DateField(label=_("失效日期"), required=False, widget=_Day)
    review_on = forms.DateField(label=_("下次复核"), widget=_Day, help_text=_("到这一天要再看一遍还对不对。"))

    def __init__(self, *args: Any, bodies: list[int] | None = None, **kwargs: Any) -> None:
        """`bodies`: those the author may choose from; None is all, and none as well (administrators)."""
        super().__init__(*args, **kwargs)
        tree = queries.categories()
        tops = {c.code: c for c in tree if not c.parent}
        self._choose("category", [
            (top.name, [(top.code, top.name), *((c.code, c.name) for c in tree if c.parent == code)])
            for code, top in tops.items()
        ])  # fmt: skip
        places = [*territory.divisions(9)] if territory.is_loaded() else []
        self._choose("division", [("", _("全区")), *((d.code, d.name) for d in places)])
        if bodies is None:
            owners = [("", _("暂无")), *((str(b.id), b.name) for b in organisations.bodies())]
        else:
            owners = [(str(b), organisations.body_name(b)) for b in bodies]
        self._choose("owner_body", owners)

    def _choose(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def content(self) -> Content:
        """What the author wrote."""
        data = self.cleaned_data
        return Content(**{name: data[name] for name in Content.__dataclass_fields__})

    def owner(self) -> int | None:
        return int(self.cleaned_data["owner_body"]) if self.cleaned_data["owner_body"] else None


class NewArticleForm(ArticleForm):
    """Also the code, which may be left to the machine."""

    code = forms.CharField(
        label=_("代码"), required=False, max_length=CODE_MAX, help_text=_("小写字母、数字和连字符；不填就自动编。")
    )


class ReviewForm(forms.Form):
    review_on = forms.DateField(label=_("下次复核"), widget=_Day)


class NoteForm(forms.Form):
    note = forms.CharField(
        label=_("哪里不对"),
        max_length=NOTE_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("只写内容哪里不对，不要写任何人的姓名、电话和地址。"),
    )
