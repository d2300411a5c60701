"""Each test sees the calendar of its own database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from linli.worktime import queries


@pytest.fixture(autouse=True)
def fresh_calendar() -> Iterator[None]:
    queries.forget()
    yield
    queries.forget()
