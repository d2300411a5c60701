"""Text to typed values: the steps of a topic, a topic set by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linli.response.step_fields import BIG_ID

from ..actions.topic_finding import NewTopic
from ..actions.topics import TEXT_MOST, TopicStep
from ..queries.topic_rules import rules
from .choices import VERSION_MOST, Day, body_choices, class_choices

WORDS: dict[str, tuple[Any, bool]] = {  # verb -> what its words are, and whether they must be there
    "adopt": (_("说明"), False),
    "dismiss": (_("不立题的原因"), True),
    "plan_measure": (_("做什么"), True),
    "do_measure": (_("怎么做的"), False),
    "drop_measure": (_("不再做的原因"), True),
    "change_owner": (_("更换的原因"), True),
    "hand_in": (_("做了什么、成效如何"), True),
    "send_back": (_("还差什么"), True),
    "cure": (_("评语"), False),
    "note": (_("备注内容"), True),
}
WITH_BODY = {"adopt": _("牵头单位"), "change_owner": _("新的牵头单位"), "plan_measure": _("承担单位")}
WITH_DAY = {"adopt": _("目标日期"), "plan_measure": _("完成日期")}


class TopicStepForm(forms.Form):
    """One step. Which fields it has is the verb's."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=VERSION_MOST)
    measure = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=BIG_ID)

    def __init__(self, verb: str, division: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = f"{verb}_%s"
        self.verb = verb
        if verb in WITH_BODY:
            body = forms.TypedChoiceField(label=WITH_BODY[verb], coerce=int, choices=[("", _("请选择单位"))])
            body.choices = [("", _("请选择单位")), *body_choices(division)]
            body.widget.attrs["data-pick"] = ""
            self.fields["body"] = body
        if verb in WITH_DAY:
            self.fields["day"] = forms.DateField(label=WITH_DAY[verb], widget=Day())
        words, needed = WORDS.get(verb, (_("备注内容"), True))
        short = verb == "plan_measure"
        widget: forms.Widget = forms.TextInput() if short else forms.Textarea(attrs={"rows": 3})
        hint = _("只写对这个地方做什么，不写人。") if short else ""
        self.fields["text"] = forms.CharField(
            label=words, required=needed, max_length=200 if short else TEXT_MOST, widget=widget, help_text=hint
        )

    def step(self) -> TopicStep:
        said = self.cleaned_data
        return TopicStep(
            self.verb,
            said["version"],
            said.get("text", ""),
            said.get("body") or None,
            said.get("day"),
            said.get("measure"),
        )


class NewTopicForm(forms.Form):
    """A class and a place, with the rule by which it will be assessed."""

    class_code = forms.ChoiceField(label=_("问题类型"))
    rule = forms.TypedChoiceField(label=_("按哪条规则评估"), coerce=int, help_text=_("半径和见效的标准都按它。"))
    community = forms.ChoiceField(
        label=_("整个社区"), required=False, help_text=_("选了社区，就看整个社区；不选，就看针尖周围。")
    )
    lon = forms.FloatField(label=_("经度"), required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    lat = forms.FloatField(label=_("纬度"), required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"}))
    days = forms.IntegerField(label=_("收进最近多少天的案件"), min_value=1, max_value=366, initial=90)

    def __init__(self, communities: list[Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code, rule, community = self.fields["class_code"], self.fields["rule"], self.fields["community"]
        assert isinstance(code, forms.ChoiceField)
        assert isinstance(rule, forms.ChoiceField)
        assert isinstance(community, forms.ChoiceField)
        code.choices = [("", _("请选择")), *class_choices()]
        code.widget.attrs["data-pick"] = ""
        rule.choices = [(r.id, f"{r.name}：{r.sentence}") for r in rules()]
        community.choices = [("", _("不选社区，用地图上的针")), *communities]
        community.widget.attrs["data-pick"] = ""

    def wanted(self) -> NewTopic:
        said = self.cleaned_data
        return NewTopic(said["class_code"], said["rule"], said["lon"], said["lat"], said["community"], said["days"])
