"""The doctor: every line says how it stands and, if not well, how to mend it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from linli.config import checks, proxy

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


HEALTH = b'{"ok": true, "checks": {"database": {"ok": true, "detail": "sqlite"}}}'


def _answer(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (status, len(body), body)


@pytest.fixture
def front() -> Iterator[Callable[..., str]]:
    """front(answer, whole) listens on loopback; with `whole` it answers only when the body is complete. Its address."""
    listeners: list[socket.socket] = []

    def serve(listener: socket.socket, answer: bytes, whole: bool) -> None:
        try:
            link, _who = listener.accept()
        except OSError:
            return
        with link:
            got = b""
            while b"\r\n\r\n" not in got:
                got += link.recv(65536)
            head, _sep, body = got.partition(b"\r\n\r\n")
            size = int(next(x.split(b":")[1] for x in head.split(b"\r\n") if x.lower().startswith(b"content-length")))
            while whole and len(body) < size and (more := link.recv(65536)):
                body += more
            link.sendall(answer)

    def start(answer: bytes, *, whole: bool) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=serve, args=(listener, answer, whole), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


def test_a_proxy_that_buffers_is_told_from_one_that_streams(front: Callable[..., str]) -> None:
    assert proxy.ask(front(_answer(HEALTH), whole=True), patience_s=0.3) == proxy.Front(proxy.BUFFERED)
    assert proxy.ask(front(_answer(HEALTH), whole=False), patience_s=2) == proxy.Front(proxy.STREAMED)
    ill = _answer(HEALTH.replace(b'{"ok": true,', b'{"ok": false,', 1), b"503 Service Unavailable")
    assert proxy.ask(front(ill, whole=False)).how == proxy.STREAMED, "an unwell house is reached all the same"


def test_what_is_not_our_answer_proves_nothing(front: Callable[..., str]) -> None:
    refused = proxy.ask(front(_answer(b"<h1>no body, please</h1>", b"400 Bad Request"), whole=False), patience_s=0.3)
    assert refused == proxy.Front(proxy.UNKNOWN, "HTTP/1.1 400 Bad Request")
    assert proxy.ask("http://127.0.0.1:1").how == proxy.UNKNOWN


@pytest.mark.parametrize(
    ("host", "https", "trusted", "hosts", "level"),
    [
        ("127.0.0.1", False, 0, ["127.0.0.1"], checks.OK),
        ("0.0.0.0", False, 0, ["linli.example.org"], checks.WARN),
        ("127.0.0.1", True, 0, ["linli.example.org"], checks.ERROR),  # the page would lead back to itself
        ("127.0.0.1", True, 1, ["127.0.0.1"], checks.WARN),  # nothing to ask
    ],
)
def test_a_proxy_by_the_settings(
    settings: LazySettings, host: str, https: bool, trusted: int, hosts: list[str], level: str
) -> None:
    settings.HOST, settings.HTTPS, settings.TRUSTED_PROXIES, settings.ALLOWED_HOSTS = host, https, trusted, hosts
    found = list(checks.proxies())
    assert [f.level for f in found] == [level]
    assert bool(found[0].mend) is (level != checks.OK)


def test_a_proxy_by_its_address(settings: LazySettings, front: Callable[..., str]) -> None:
    settings.TRUSTED_PROXIES = 1
    addresses = [front(_answer(HEALTH), whole=False), front(_answer(HEALTH), whole=True), "http://127.0.0.1:1"]
    found = list(checks.proxies(addresses))
    assert [f.level for f in found] == [checks.ERROR, checks.OK, checks.WARN]
    assert all(address in f.text for f, address in zip(found, addresses, strict=True))
