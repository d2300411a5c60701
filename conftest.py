"""Pytest's ground: the test database's name can be chosen, so that two runs on one server do not meet."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    from django.conf import settings

    if name := os.environ.get("LINLI_TEST_DB"):
        settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = name
