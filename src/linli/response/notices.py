"""What a notice for everybody may not hold: numbers that call a person, houses, names. Pure; it warns, people decide."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭郎鲁韦马苗凤花方"
    "俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于傅齐康伍余元顾孟平黄穆萧尹姚邵汪毛禹狄臧戴谈宋庞熊纪舒"
    "屈项祝董梁杜阮蓝闵席季贾江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫房解应丁宣邓洪包左石崔吉钮"
    "龚程邢裴陆荣翁荀曲侯宁仇甘武符刘景詹束龙叶司黎白蒲鄂池乔阴胥闻党翟谭劳申扶堵冉宰郦雍桑桂濮牛寿通边扈燕冀"
    "尚农温庄晏柴阎"
)
HOUSES = "号楼|号院|单元|室|门"
LANES = "号"
TITLES = "先生|女士|同志|大爷|大妈|阿姨|奶奶|爷爷|老师|师傅|小姐|叔叔"


@dataclass(frozen=True, slots=True)
class Exposed:
    """A place in a text that looks like something personal. `never`: it may not stand there whatever people say."""

    what: Any
    words: str
    never: bool = False


_SHAPES: tuple[tuple[Any, re.Pattern[str], bool], ...] = (
    (_("身份证号"), re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)"), True),
    (_("手机号"), re.compile(r"(?<!\d)1[3-9]\d[ \-]?\d{4}[ \-]?\d{4}(?!\d)"), True),
    (_("电话号码"), re.compile(r"(?<!\d)(?:0\d{2,3}[ \-]?)?[2-8]\d{3}[ \-]?\d{4}(?!\d)"), False),
    (_("门牌"), re.compile(rf"\d+ ?(?:{HOUSES})|\d+-\d+-\d+|(?<![\d月])\d{{1,5}} ?{LANES}(?!线)"), False),
    (_("姓名"), re.compile(rf"[{SURNAMES}]\w{{0,2}}(?:{TITLES})|[{SURNAMES}](?:某某?|××?)"), False),
    (_("姓名"), re.compile(rf"(?:姓名|联系人|叫|找)[:： ]?[{SURNAMES}][\u4e00-\u9fff]{{1,2}}"), False),
)


def exposed(text: str) -> list[Exposed]:
    """What in `text` looks like a telephone number, an identity number, a house number or a name; in the text's order."""
    plain = unicodedata.normalize("NFKC", text)
    found: dict[str, tuple[int, Exposed]] = {}
    taken: list[tuple[int, int]] = []
    for what, shape, never in _SHAPES:
        for match in shape.finditer(plain):
            if any(a < match.end() and match.start() < b for a, b in taken):
                continue
            taken.append(match.span())
            found.setdefault(match.group(), (match.start(), Exposed(what, match.group(), never)))
    return [e for _at, e in sorted(found.values(), key=lambda pair: pair[0])]
