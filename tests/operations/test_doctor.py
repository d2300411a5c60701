"""The doctor: every line says how it stands and, if not well, how to mend it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings

from linli.config import checks

from .conftest import Installation


def findings(check: checks.Check) -> dict[str, checks.Finding]:
    return {f.name: f for f in check()}


def test_a_new_installation_is_told_what_to_do(tmp_path: Path, engine: Callable[[], str]) -> None:
    office = Installation(tmp_path / "office", engine())
    said = office.run("-m", "linli.config.cli", "doctor").stdout
    assert "make run" in said and "Traceback" not in said
    office.linli("migrate")
    found = json.loads(office.run("-m", "linli.config.cli", "doctor", "--json").stdout)
    by_name = {f["name"]: f for f in found["findings"]}
    assert found["ok"] is False and by_name["pack"]["level"] == "error" and by_name["pack"]["mend"] == "linli load-pack"
    assert by_name["migrations"]["level"] == "ok" and by_name["worker"]["level"] == "warn"
    assert all(f["mend"] for f in found["findings"] if f["level"] != "ok")


def test_a_database_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    office = Installation(tmp_path / "office", "postgresql://nobody@127.0.0.1:1/none")
    done = office.run("-m", "linli.config.cli", "doctor")
    assert done.returncode == 1 and "连不上数据库" in done.stdout and "Traceback" not in done.stdout


def test_demonstration_passwords_are_not_for_the_open_network(settings: LazySettings) -> None:
    settings.DEMONSTRATION, settings.HOST = True, "0.0.0.0"
    assert findings(checks.demonstration)["demonstration"].level == checks.ERROR
    settings.HOST = "127.0.0.1"
    assert findings(checks.demonstration)["demonstration"].level == checks.WARN
    settings.DEMONSTRATION = False
    assert findings(checks.demonstration)["demonstration"].level == checks.OK


@pytest.mark.parametrize(
    ("host", "https", "hosts", "address", "names"),
    [
        ("127.0.0.1", False, ["127.0.0.1", "localhost"], checks.OK, checks.OK),
        ("0.0.0.0", False, ["127.0.0.1"], checks.WARN, checks.ERROR),
        ("0.0.0.0", True, ["linli.example.org"], checks.OK, checks.OK),
        ("::1", False, ["*"], checks.OK, checks.ERROR),
    ],
)
def test_plain_http_and_host_names(
    settings: LazySettings, host: str, https: bool, hosts: list[str], address: str, names: str
) -> None:
    settings.HOST, settings.HTTPS, settings.ALLOWED_HOSTS = host, https, hosts
    found = findings(checks.address)
    assert (found["address"].level, found["hosts"].level) == (address, names)


def test_a_key_that_others_can_read_is_an_error(settings: LazySettings, tmp_path: Path) -> None:
    settings.KEYS = tmp_path
    tmp_path.chmod(0o700)
    (tmp_path / "session.secret").write_text("x")
    (tmp_path / "session.secret").chmod(0o644)
    assert findings(checks.keys)["keys"].level == checks.ERROR
    (tmp_path / "session.secret").chmod(0o600)
    assert findings(checks.keys)["keys"].level == checks.OK


def test_a_package_that_is_not_the_locked_one_is_named(settings: LazySettings, tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "run.txt").write_text(
        "django==1.0 \\\n    --hash=sha256:00\nno-such-package==2 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
    )
    settings.ROOT = tmp_path
    found = findings(checks.packages)["packages"]
    assert found.level == checks.ERROR and "django" in found.text and "no-such-package" not in found.text


def test_a_check_that_breaks_is_a_finding() -> None:
    def broken():  # type: ignore[no-untyped-def]
        raise OSError("disk on fire")
        yield

    (found,) = checks._ask(broken)
    assert found.level == checks.ERROR and "disk on fire" in found.text
