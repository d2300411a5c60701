"""A small nation: six provinces in two regions, three years, two parts with data and one without."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from linli.evaluation.choices import DeliveryState
from linli.evaluation.models import (
    Delivery,
    Framework,
    FrameworkNode,
    Observation,
    Publication,
    Series,
    Unit,
)

AT = datetime(2026, 1, 5, tzinfo=UTC)
CODES = ("110000", "120000", "130000", "310000", "320000", "330000")
NAMES = ("北京市", "天津市", "河北省", "上海市", "江苏省", "浙江省")
VALUES = {  # series -> by unit, for 2021; each year 3 % more
    "beds": [126_000, 69_000, 480_000, 165_000, 550_000, 370_000],
    "people": [2189, 1373, 7448, 2489, 8505, 6540],
    "income": [75_002, 47_449, 29_383, 78_027, 47_498, 57_541],
    "jobless": [3.2, 3.7, 3.1, 2.7, 2.5, 2.6],
}
SYMBOLS = {"beds": "张", "people": "万人", "income": "元", "jobless": "%"}


@pytest.fixture
def nation(db: None) -> dict[str, Series]:
    """Units, series and one delivery that is in force."""
    for i, (code, name) in enumerate(zip(CODES, NAMES, strict=True)):
        region = "北方" if i < 3 else "南方"
        Unit.objects.create(
            code=code, level="province", name=name, short=name[:2], order=i, labels={"region": region},
            provenance="sourced",
        )  # fmt: skip
    made = {
        code: Series.objects.create(
            code=code, concept=code, name=code, symbol=symbol, calibre="usual", origin="public", provenance="sourced"
        )
        for code, symbol in SYMBOLS.items()
    }
    brought = delivery()
    rows = []
    for code, values in VALUES.items():
        for unit, value in zip(CODES, values, strict=True):
            for n, year in enumerate((2021, 2022, 2023)):
                grown = value if code == "jobless" else value * 1.03**n
                rows.append(Observation(delivery=brought, series=made[code], unit=unit, year=year, value=grown))
    Observation.objects.bulk_create(rows)
    return made


def delivery(vintage: date = date(2025, 12, 1), at: datetime = AT) -> Delivery:
    """A delivery in force since `at`."""
    source, _new = Publication.objects.get_or_create(
        code="yearbook", defaults={"title": "统计年鉴", "publisher": "统计局"}
    )
    return Delivery.objects.create(
        publication=source, vintage=vintage, form="plain", digest="0" * 64, state=DeliveryState.APPLIED,
        by="system", at=at, applied_at=at,
    )  # fmt: skip


@pytest.fixture
def make_framework(nation: dict[str, Series]) -> Callable[..., Framework]:
    """A published framework: health (beds a head), living (income, unemployment) and party-building without data."""

    def make(**changes: Any) -> Framework:
        framework = Framework.objects.create(**{
            "family": "test", "edition": Framework.objects.count() + 1, "name": "测试指数", "purpose": "comprehensive",
            "level": "province", "state": "published", "valid_from": 2015, "provenance": "sourced", "made_by": "system",
            "made_at": AT,
            "scenario": {"normalise": {"method": "minmax", "base": "pooled", "scale": [1, 100]},
                         "weigh": {"default": {"kind": "equal"}}, "aggregate": {"coverage": 0.6}},
            "factors": [
                {"kind": "choice", "name": "合成", "options": [
                    {"label": "算术", "patch": {}}, {"label": "几何", "patch": {"aggregate.default": "geometric"}}]},
                {"kind": "noise", "name": "权重", "size": 0.25},
            ],
        } | changes)  # fmt: skip
        nodes: list[dict[str, Any]] = [
            {"code": "index", "kind": "root", "name": "总指数"},
            {"code": "A", "parent": "index", "kind": "part", "name": "党的建设"},
            {"code": "B", "parent": "index", "kind": "part", "name": "社会服务"},
            {"code": "C", "parent": "index", "kind": "part", "name": "社会关系"},
            {"code": "A1", "parent": "A", "kind": "indicator", "name": "党组织覆盖率", "symbol": "%"},
            {"code": "B1", "parent": "B", "kind": "indicator", "name": "每千人床位", "symbol": "张", "numerator": "beds",
             "denominator": "people", "denominator_symbol": "千人"},
            {"code": "C1", "parent": "C", "kind": "indicator", "name": "人均可支配收入", "symbol": "元", "numerator": "income"},
            {"code": "C2", "parent": "C", "kind": "indicator", "name": "登记失业率", "symbol": "%", "numerator": "jobless",
             "direction": -1},
        ]  # fmt: skip
        FrameworkNode.objects.bulk_create(
            FrameworkNode(framework=framework, order=i, provenance="sourced", **node) for i, node in enumerate(nodes)
        )
        return framework

    return make
