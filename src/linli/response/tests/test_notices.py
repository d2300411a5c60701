"""What a notice for everybody must not hold."""

from __future__ import annotations

import pytest

from linli.response.notices import exposed


@pytest.mark.parametrize(
    ("text", "words", "never"),
    [
        ("有事打 13812345678 找我", "13812345678", True),
        ("手机１３８ １２３４ ５６７８", "138 1234 5678", True),
        ("138-1234-5678", "138-1234-5678", True),
        ("身份证 11010219990101123X", "11010219990101123X", True),
        ("居委会 010-6352 1234", "010-6352 1234", False),
        ("座机 63521234", "63521234", False),
        ("住3号楼2单元", "3号楼", False),
        ("502室漏水", "502室", False),
        ("牛街 12 号", "12 号", False),
        ("张大爷独居", "张大爷", False),
        ("王某家门口", "王某", False),
        ("联系人：李小明", "联系人:李小明", False),
    ],
)
def test_what_looks_personal_is_found(text: str, words: str, never: bool) -> None:
    found = exposed(text)
    assert [(e.words.replace(" ", ""), e.never) for e in found][:1] == [(words.replace(" ", ""), never)], found


@pytest.mark.parametrize(
    "text",
    [
        "一所学校周边早晚高峰需要护学岗，每天两个时段，每次四十分钟。",
        "拨打 12345 咨询；地铁 4 号线出口旁；每周 3 次，每次 2 小时。",
        "2026 年 11 月 22 日前办好，材料费 1500 元由责任单位出。",
        "社区图书角周末需要值班和整理。",
    ],
)
def test_what_is_not_personal_passes(text: str) -> None:
    assert exposed(text) == []
