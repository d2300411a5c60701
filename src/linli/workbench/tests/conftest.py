"""The flows are announced when the address table loads, as in every web process."""

from __future__ import annotations

import pytest
from django.urls import reverse


@pytest.fixture(autouse=True)
def wired() -> None:
    reverse("workbench:inbox")
