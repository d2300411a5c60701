"""The parts: shape + word + colour, wired fields, times people read at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django import forms
from django.template import Context, Template
from django.utils import translation

from linli.core import clock
from linli.core.actor import SYSTEM, Actor, Post
from linli.core.errors import Invalid
from linli.site import icons, nav, refusals, urgency

NOW = datetime(2026, 11, 22, 2, 32, tzinfo=UTC)  # 10:32 in Shanghai


@pytest.fixture(autouse=True)
def moment():
    with clock.at(NOW, actor=SYSTEM), translation.override("zh-hans"):
        yield


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


def matter(hours: float | None, closed: bool = False) -> SimpleNamespace:
    due = None if hours is None else NOW + timedelta(hours=hours)
    return SimpleNamespace(due_at=due, closed_at=NOW if closed else None)


@pytest.mark.parametrize(
    ("thing", "kind", "words"),
    [
        (matter(-39.25), "late", "超期 1 天 15 小时"),
        (matter(-0.001), "late", "超期 不到 1 分"),
        (matter(0), "soon", "还剩 不到 1 分"),
        (matter(4), "soon", "还剩 4 小时"),
        (matter(4.01), "ok", "还剩 4 小时"),
        (matter(None), "ok", "无时限"),
        (matter(-5, closed=True), "done", "已办结"),
    ],
)
def test_urgency_is_shape_word_and_colour(thing, kind, words):
    assert urgency.of(thing) == kind
    html = render("{% urgency m %}", m=thing)
    assert f'class="tag {kind}"' in html
    assert f"i-{kind}" in html
    assert words in html
    assert words in render("{% urgency m 'text' %}", m=vars(thing))
    assert "<svg" not in render("{% urgency m 'words' %}", m=thing)
    hidden = render("{% urgency m 'mark' %}", m=thing)
    assert "vh" in hidden
    assert str(urgency.WORDS[kind]) in hidden


def test_marks_differ_in_shape_not_only_in_colour():
    drawings = {icons.MARKS[k].replace("currentColor", "") for k in ("late", "soon", "ok", "done")}
    assert len(drawings) == 4
    assert 'aria-hidden="true"' in icons.svg("search")
    with pytest.raises(KeyError):
        icons.svg("no-such-icon")


@pytest.mark.parametrize(
    ("moment_", "words"),
    [
        (NOW, "今天 10:32"),
        (NOW - timedelta(hours=18, minutes=12), "昨天 16:20"),
        (NOW + timedelta(days=1), "明天 10:32"),
        (datetime(2026, 11, 20, 8, 20, tzinfo=UTC), "11-20 16:20"),
        (datetime(2025, 11, 20, 8, 20, tzinfo=UTC), "2025-11-20 16:20"),
        (datetime(2026, 11, 21, 17, 0, tzinfo=UTC), "今天 01:00"),  # a day is a day in Shanghai
    ],
)
def test_when(moment_, words):
    assert f">{words}</time>" in render("{{ t|when }}", t=moment_)
    assert render("{{ t|when_text }}", t=moment_) == words
    assert render("{{ t|when }}{{ t|when_text }}", t=None) == ""


@pytest.mark.parametrize(
    ("gone", "words"), [(0, "刚刚"), (40, "40 秒前"), (500, "8 分钟前"), (7200, "2 小时前"), (200000, "2 天前")]
)
def test_ago(gone, words):
    assert render("{{ t|ago }}", t=NOW - timedelta(seconds=gone)) == words


def test_number_and_span():
    assert render("{{ a|number }} {{ b|number }} {{ c|number }}", a=12345, b=93.24, c=None) == "12,345 93.2 —"
    assert render("{{ s|span }}", s=139500) == "1 天 14 小时"


class Sample(forms.Form):
    phone = forms.CharField(label="手机号", help_text="11 位", required=False)
    words = forms.CharField(label="问题描述")
    kind = forms.ChoiceField(label="类别", widget=forms.RadioSelect, choices=[("a", "甲"), ("b", "乙")])
    agree = forms.BooleanField(label="同意")


def test_a_field_is_wired_for_readers():
    form = Sample({"phone": "1"})
    form.add_error("phone", "手机号应为 11 位数字")
    html = render("{% field form.phone %}", form=form)
    assert '<label for="id_phone">' in html
    assert 'aria-describedby="id_phone_hint id_phone_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_phone_error"' in html
    assert 'value="1"' in html  # nothing typed is lost
    assert "可不填" in html
    words = render("{% field form.words %}", form=form)
    assert "请填写“问题描述”。" in words
    assert "可不填" not in words
    group = render("{% field form.kind %}", form=form)
    assert "<fieldset" in group
    assert "<legend>类别" in group
    assert group.count('type="radio"') == 2


def test_the_error_summary_links_each_line_to_its_field():
    form = Sample({"phone": "1"})
    form.add_error("phone", "手机号应为 11 位数字")
    form.add_error(None, "整体不对")
    html = render("{% error_summary form %}", form=form)
    assert 'role="alert"' in html
    assert "data-error-summary" in html
    assert [html.index(t) for t in ("整体不对", "#id_phone", "#id_words", "#id_kind_0", "#id_agree")] == sorted(
        html.index(t) for t in ("整体不对", "#id_phone", "#id_words", "#id_kind_0", "#id_agree")
    )
    assert "请勾选“同意”。" in html
    assert "还差 5 处没有填好" in html
    assert render("{% error_summary form %}", form=Sample()).strip() == ""


def test_a_refusal_goes_onto_the_form():
    form = Sample({"phone": "1", "words": "w", "kind": "a", "agree": "on"})
    assert form.is_valid()
    refusals.onto_form(form, Invalid("bad_phone", "手机号不对", fields={"phone": ["应为 11 位"], "other": ["别的"]}))
    assert form.errors["phone"] == ["应为 11 位"]
    assert form.non_field_errors() == ["别的"]


def test_everything_is_escaped():
    evil = "<script>alert(1)</script>"
    form = Sample({"words": evil, "phone": "", "kind": "a", "agree": "on"})
    form.add_error("words", evil)
    html = render(
        "{% field form.words %}{% error_summary form %}{% empty e e %}{% notice 'warn' %}{{ e }}{% endnotice %}{% map_data e e %}",
        form=form,
        e=evil,
    )
    assert evil not in html


def test_notice_provenance_bar_pager_and_map():
    assert 'class="notice warn" role="status"' in render('{% notice "warn" role="status" %}断网{% endnotice %}')
    assert "暂定" in render('{% provenance "provisional" %}')
    bar = render("{% mini_bar 6 2 26 42 %}")
    assert bar.count("<rect") == 3
    assert "<rect" not in render("{% mini_bar 0 0 0 0 %}")
    assert 'rel="next"' in render("{% pager p %}", p={"next_url": "?after=1", "prev_url": ""})
    assert render("{% pager p %}", p={}).strip() == ""
    html = render('<div {% map_data "/tiles/r/{z}/{x}/{y}.mvt" bounds="1,2,3,4" %}>')
    assert 'data-tiles="/tiles/r/{z}/{x}/{y}.mvt"' in html
    assert 'data-bounds="1,2,3,4"' in html
    assert "OpenStreetMap" in html


@pytest.fixture
def entries(monkeypatch):
    monkeypatch.setattr(nav, "_entries", {})


def test_the_bar_shows_only_what_this_person_may_use(entries):
    nav.register("样式", "site:styleguide", kinds={"dispatcher"}, order=2)
    nav.register("实时", "site:live", order=1)
    nav.register("没有", "nowhere:nothing", order=3)
    chief = Actor("person", 1, "王", (Post(1, "dispatcher", "110102"),))
    assert [x.label for x in nav.links(chief, "/")] == ["实时", "样式"]
    assert [x.label for x in nav.links(Actor("person", 2), "/")] == ["实时"]
    assert nav.links(Actor("resident"), "/") == []
    assert [x.current for x in nav.links(chief, "/styleguide/deeper/")] == [False, True]
    assert [e.id for e in nav.check_entries()] == ["linli.site.E001"]
