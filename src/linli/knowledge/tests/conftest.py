"""Each test sees the shelf of its own database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.knowledge import actions, shelf
from linli.knowledge.rules import Content
from linli.organisations import queries as organisations
from linli.testing.fixtures import Cast

DATA = Path(__file__).resolve().parent.parent / "data"


@pytest.fixture(autouse=True)
def fresh_shelf() -> Iterator[None]:
    shelf.forget_everything()
    yield
    shelf.forget_everything()


@pytest.fixture
def tree(cast: Cast) -> Cast:
    """Bodies, people and the tree."""
    actions.load_categories(actor=SYSTEM, text=(DATA / "categories.csv").read_text(encoding="utf-8"))
    return cast


def body(code: str) -> int:
    found = organisations.body_by_code(code)
    assert found is not None
    return found.id


def content(question: str = "家里停水了怎么办", **more: object) -> Content:
    said: dict[str, object] = {"answer": "先问问邻居。\n\n1. 看阀门\n2. 打电话", "category": "0202"} | more
    return Content(question, **said)  # type: ignore[arg-type]


@pytest.fixture
def published(tree: Cast) -> Callable[..., str]:
    """Writes and publishes an article as the system; its code."""

    def make(
        question: str = "家里停水了怎么办",
        *,
        owner: str = "110102-tap-water",
        review_on: date | None = None,
        **more: object,
    ) -> str:
        code = actions.create_article(
            actor=SYSTEM, content=content(question, **more), owner_body=body(owner) if owner else None,
            review_on=review_on or clock.today() + timedelta(days=90),
        )  # fmt: skip
        actions.publish(actor=SYSTEM, code=code, seq=1)
        return code

    return make
