"""The words: gathered, kept, checked, compiled, on a small tree of their own."""

from __future__ import annotations

import gettext
from pathlib import Path

import polib
import pytest

from linli.site import messages, punctuation


@pytest.fixture
def tree(tmp_path: Path):
    (tmp_path / "room" / "templates").mkdir(parents=True)
    (tmp_path / "room" / "web.py").write_text(
        "from django.utils.translation import gettext as _, ngettext, pgettext_lazy\n"
        'A = _("已保存")\nB = ngettext("%(n)d 件", "%(n)d 件", 3)\nC = pgettext_lazy("动词", "关闭")\nD = _("两" "段")\nE = _(A)\n'
    )
    (tmp_path / "room" / "templates" / "a.html").write_text(
        '{% translate "已保存" %}{# 注释 #}{% translate "完成 62%" %}\n'
        "{% blocktranslate trimmed with n=3 %}\n  共 {{ n }} 件\n{% endblocktranslate %}\n"
        "{% blocktranslate count n=k %}{{ n }} 处{% plural %}{{ n }} 处{% endblocktranslate %}"
        '{% empty _("没有事项") %}{% translate "关" context "动词" %}'
    )
    (tmp_path / "room" / "a.js").write_text("// 注释里可以\nconst a = 1;\n")
    return tmp_path


@pytest.fixture
def po(tmp_path: Path) -> Path:
    return tmp_path / "out" / "django.po"


def fill(po: Path) -> None:
    book = polib.pofile(str(po))
    for entry in book:
        words = "".join(f"%({n})s" if f"%({n})" in entry.msgid else "" for n in ("n",)) + (
            "%%" if "%%" in entry.msgid else ""
        )
        text = f"E{words}" if "%(n)d" not in entry.msgid else "E%(n)d"
        if entry.msgid_plural:
            entry.msgstr_plural = {0: text, 1: text + "s"}
        else:
            entry.msgstr = text
    book.save()


def test_everything_marked_is_found(tree):
    found = messages.scan(tree).messages
    assert set(found) == {
        ("", "已保存"),
        ("", "%(n)d 件"),
        ("动词", "关闭"),
        ("", "两段"),
        ("", "完成 62%%"),
        ("", "共 %(n)s 件"),
        ("", "%(n)s 处"),
        ("", "没有事项"),
        ("动词", "关"),
    }
    assert found["", "已保存"].places == {"room/web.py", "room/templates/a.html"}
    assert found["", "%(n)d 件"].plural == "%(n)d 件"
    assert found["", "%(n)s 处"].plural == "%(n)s 处"


def test_collect_keeps_adds_and_drops(tree, po):
    first = messages.collect(tree, po)
    assert (first.total, first.added, first.dropped) == (9, 9, ())
    fill(po)
    before = po.read_text()
    again = messages.collect(tree, po)
    assert (again.added, again.dropped, again.untranslated) == (0, (), 0)
    assert po.read_text() == before
    (tree / "room" / "web.py").write_text('from x import _\nA = _("已保存")\nF = _("新的")\n')
    change = messages.collect(tree, po)
    assert change.added == 1
    assert set(change.dropped) == {"%(n)d 件", "关闭", "两段"}
    assert change.untranslated == 1
    assert polib.pofile(str(po)).find("已保存").msgstr == "E"


def test_check_says_each_thing_that_is_wrong(tree, po):
    messages.collect(tree, po)
    assert any(p.startswith("no English: “已保存”") for p in messages.check(tree, po))
    fill(po)
    assert messages.check(tree, po) == []
    book = polib.pofile(str(po))
    book.find("共 %(n)s 件").msgstr = "some matters"
    book.find("已保存").msgstr = "已 saved"
    book.save()
    (tree / "room" / "b.html").write_text('<p>没有翻译</p>{% translate "先存,再走" %}')
    (tree / "room" / "web.py").write_text('from x import _\nA = _(f"已保存 {1}")\nB = _("已保存")\n')
    (tree / "room" / "a.js").write_text('say("断线了");\n')
    problems = "\n".join(messages.check(tree, po))
    for expected in (
        "placeholders differ: “共 %(n)s 件”",
        "Chinese in the English of “已保存”",
        "room/b.html:1: Chinese outside",
        "half-width “,” in “先存,再走”",
        "not collected: “先存,再走”",
        "f-string",
        "room/a.js:1: Chinese in a script",
        "stale, nobody says it: “两段”",
    ):
        assert expected in problems, expected


def test_compile_makes_a_book_that_gettext_reads(tree, po):
    messages.collect(tree, po)
    fill(po)
    with messages.compile_(po).open("rb") as file:
        book = gettext.GNUTranslations(file)
    assert book.gettext("已保存") == "E"
    assert book.ngettext("%(n)d 件", "%(n)d 件", 2) == "E%(n)ds"
    assert book.pgettext("动词", "关闭") == "E"


@pytest.mark.parametrize(
    "good",
    [
        "先存，再走",
        "共 3 件（含退单）",
        "10:32 更新",
        "A,B",
        "（15）",
        "截至 11-22 10:32",
        "快捷键（/、数字、?）",
        "全部街道(15)",
    ],
)
def test_good_punctuation(good):
    assert punctuation.hits(good) == []


@pytest.mark.parametrize("bad", ["先存,再走", "为什么?", "标题:内容", "好!", "街道(牛街)", "这样; 那样"])
def test_bad_punctuation(bad):
    assert punctuation.hits(bad)


def test_the_sentences_of_this_room_are_written_well():
    own = [m for m in messages.scan().messages.values() if any(p.startswith("site/") for p in m.places)]
    assert len(own) > 150
    assert [m.msgid for m in own if punctuation.hits(m.msgid)] == []


def test_the_english_of_this_room_is_complete():
    book = polib.pofile(str(messages.PO))
    for key, message in messages.scan().messages.items():
        if any(place.startswith("site/") for place in message.places):
            entry = book.find(key[1], msgctxt=key[0] or False)
            assert entry is not None, message.msgid
            assert entry.translated(), message.msgid
