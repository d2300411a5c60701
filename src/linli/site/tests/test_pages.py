"""The pages of no room: styleguide, health, metrics, manifest; and what the shell promises of every page."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from linli.site import health, metrics

STATIC = Path(__file__).resolve().parents[1] / "static" / "site"
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", ["", "error", "empty", "long"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_styleguide_shows_itself_without_sql(state, language, django_assert_num_queries):
    client = Client()
    client.cookies["linli_language"] = language
    with django_assert_num_queries(0):
        response = client.get("/styleguide/", {"state": state})
    text = response.content.decode()
    assert response.status_code == 200
    assert len(re.findall(r"<h1[ >]", text)) == 1
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert bool(re.search(r"<title>(错误：|Error: )", text)) == (state == "error")


def test_every_label_has_its_field():
    text = Client().get("/styleguide/").content.decode()
    ids = set(re.findall(r'\sid="([^"]+)"', text))
    assert set(re.findall(r'\sfor="([^"]+)"', text)) <= ids


def test_reading_a_page_sets_no_cookie():
    assert not Client().get("/styleguide/").cookies


def test_healthz(monkeypatch):
    monkeypatch.setattr(health, "_checks", {"relay": lambda: health.Finding(True, "1.2")})
    answer = Client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["checks"]["migrations"] == {"ok": True, "detail": "applied"}
    monkeypatch.setattr(health, "_checks", {"relay": lambda: health.Finding(False, "90")})
    assert Client().get("/healthz").status_code == 503

    def broken() -> health.Finding:
        raise RuntimeError("secret 13800138000")

    monkeypatch.setattr(health, "_checks", {"relay": broken})
    answer = Client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["relay"] == {"ok": False, "detail": "RuntimeError"}


def test_metrics_count_by_route_and_are_for_this_host_only(monkeypatch, settings):
    metrics.reset()
    monkeypatch.setattr(metrics, "_gauges", {})
    metrics.register_gauge("linli_relay_age_seconds", "Age of the newest stamp.", lambda: 0.4)
    metrics.register_gauge("linli_queue", "Waiting tasks.", lambda: {"default": 3})
    metrics.register_gauge("linli_broken", "Fails.", lambda: 1 / 0)
    Client().get("/styleguide/")
    Client().get("/no/such/place/1")
    Client().get("/no/such/place/2")
    text = Client().get("/metrics").content.decode()
    assert re.search(r'linli_requests_total\{route="styleguide/",method="GET",status="200",worker="\d+"\} 1', text)
    assert re.search(r'linli_requests_total\{route="-",method="GET",status="404",worker="\d+"\} 2', text)
    assert "no/such" not in text
    assert "linli_relay_age_seconds 0.4" in text
    assert 'linli_queue{queue="default"} 3' in text
    assert "linli_gauge_failures 1" in text
    assert Client(REMOTE_ADDR="203.0.113.9").get("/metrics").status_code == 404
    assert Client(HTTP_X_FORWARDED_FOR="203.0.113.9").get("/metrics").status_code == 404
    assert Client(REMOTE_ADDR="203.0.113.9", HTTP_AUTHORIZATION="Bearer ").get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "s3cret-of-the-scraper"
    remote = Client(REMOTE_ADDR="203.0.113.9", HTTP_AUTHORIZATION="Bearer s3cret-of-the-scraper")
    assert remote.get("/metrics").status_code == 200
    wrong = Client(REMOTE_ADDR="203.0.113.9", HTTP_AUTHORIZATION="Bearer wrong")
    assert wrong.get("/metrics").status_code == 404


def test_manifest_and_favicon():
    body = json.loads(Client().get("/app.webmanifest").content)
    assert body["lang"] == "zh-CN"
    for icon in body["icons"]:
        assert (STATIC / icon["src"].rsplit("/", 1)[1]).exists()
    assert Client().get("/favicon.ico").headers["Location"].startswith(settings.STATIC_URL)


def test_the_style_is_small_and_says_no_tiny_text():
    css = (STATIC / "linli.css").read_text()
    assert len(gzip.compress(css.encode(), 9)) <= 14_000
    sizes = [float(s) for s in re.findall(r"font-size:\s*(\.?\d*\.?\d+)rem", css)]
    assert min(sizes) >= 0.8125
    assert "http" not in css
    assert re.sub(r"/\*.*?\*/\s*", "", css).startswith("@layer vendor, tokens, base, parts, pages;")
    assert "layer(vendor)" in (STATIC / "map.css").read_text()


@pytest.mark.parametrize("folder", [STATIC / "vendor", Path(settings.ROOT) / "tests" / "browser" / "vendor"])
def test_vendored_files_are_what_their_list_says(folder: Path):
    rows = re.findall(r"^\| (\S+\.\w+) \| .* \| (\d+) \| ([0-9a-f]{64}) \|$", (folder / "VENDOR.md").read_text(), re.M)
    assert {name for name, _size, _sum in rows} == {
        p.name for p in folder.iterdir() if p.suffix in {".js", ".mjs", ".css"}
    }
    for name, _size, checksum in rows:
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == checksum


def test_modules_import_only_what_is_here():
    for path in STATIC.glob("*.js"):
        for target in re.findall(r'(?:from|import)\s+"([^"]+)"', path.read_text()):
            assert target.startswith("./")
            assert (path.parent / target).resolve().exists()
