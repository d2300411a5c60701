"""The limit holds, also when many ask at once; a window forgets; a caller is counted but not remembered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import RequestFactory

from linli.core.errors import TooMany
from linli.site import throttle
from linli.site.models import Bucket


@pytest.fixture
def at(monkeypatch):
    def set_time(second: float) -> None:
        monkeypatch.setattr("linli.site.throttle.time.time", lambda: second)

    set_time(1_000_000)
    return set_time


@pytest.mark.django_db
def test_the_limit_and_the_next_window(at):
    for _use in range(3):
        throttle.take("report:a", limit=3, per_s=60)
    with pytest.raises(TooMany) as caught:
        throttle.take("report:a", limit=3, per_s=60)
    assert caught.value.details["retry_after_s"] == 60 - 1_000_000 % 60
    throttle.take("report:b", limit=3, per_s=60)
    throttle.take("report:a", limit=3, per_s=3600)  # another period is another limit
    at(1_000_000 + 60)
    throttle.take("report:a", limit=3, per_s=60)
    assert Bucket.objects.get(key="report:a/60").taken == 1


@pytest.mark.django_db
def test_one_statement_and_no_write_once_the_limit_is_reached(at, django_assert_num_queries):
    with django_assert_num_queries(1):
        throttle.take("k", limit=1, per_s=60)
    for _again in range(5):
        with django_assert_num_queries(1), pytest.raises(TooMany):
            throttle.take("k", limit=1, per_s=60)
    assert Bucket.objects.get(key="k/60").taken == 1


@pytest.mark.django_db
def test_a_clock_that_lags_does_not_open_the_gate(at):
    at(1_000_020)
    throttle.take("k", limit=1, per_s=10)
    at(1_000_009)  # another process, a window behind
    with pytest.raises(TooMany):
        throttle.take("k", limit=1, per_s=10)


@pytest.mark.django_db(transaction=True)
def test_exactly_the_limit_passes_when_many_ask_at_once():
    def ask(_n: int) -> bool:
        try:
            throttle.take("rush", limit=10, per_s=86_400_000)
        except TooMany:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        granted = list(pool.map(ask, range(40)))
    assert sum(granted) == 10


@pytest.mark.django_db
def test_old_windows_are_swept(at):
    throttle.take("old", limit=5, per_s=10)
    at(1_000_500)
    throttle.take("new", limit=5, per_s=3600)
    assert throttle.sweep() == 1
    assert list(Bucket.objects.values_list("key", flat=True)) == ["new/3600"]


def request(address: str, forwarded: str = ""):
    made = RequestFactory().get("/", REMOTE_ADDR=address)
    if forwarded:
        made.META["HTTP_X_FORWARDED_FOR"] = forwarded
    return made


def test_forwarded_addresses_are_believed_only_from_our_own_proxies(settings):
    lying = request("203.0.113.9", "1.2.3.4")
    assert throttle.client_ip(lying) == "203.0.113.9"
    settings.TRUSTED_PROXIES = 1
    assert throttle.client_ip(request("10.0.0.1", "1.2.3.4, 198.51.100.7")) == "198.51.100.7"
    settings.TRUSTED_PROXIES = 2
    assert throttle.client_ip(request("10.0.0.1", "1.2.3.4, 198.51.100.7, 10.0.0.2")) == "198.51.100.7"
    assert throttle.client_ip(request("10.0.0.1", "1.2.3.4")) == "10.0.0.1"


def test_the_key_hides_the_address_and_joins_a_household(settings):
    key = throttle.client_key(request("203.0.113.9"))
    assert key == throttle.client_key(request("203.0.113.9"))
    assert key != throttle.client_key(request("203.0.113.10"))
    assert "203" not in key or len(key) == 32
    assert throttle.client_key(request("2001:db8::1")) == throttle.client_key(request("2001:db8::ffff"))
    assert throttle.client_key(request("2001:db8::1")) != throttle.client_key(request("2001:db8:0:1::1"))
    assert throttle.client_key(request("not-an-address"))
