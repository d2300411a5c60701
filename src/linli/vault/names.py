"""How to call the actors of the log. The room of accounts stands above this one, so config/wiring.py
names the source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

Source = Callable[[Iterable[int]], Mapping[int, str]]
_source: list[Source] = []


def register(source: Source) -> None:
    """`source(account_ids) -> {id: display name}`."""
    _source[:] = [source]


def of(labels: Iterable[str]) -> dict[str, str]:
    """Names of actor labels (`person:7`); labels without a name are left out."""
    ids = {label: int(label.split(":")[1]) for label in labels if label.partition(":")[2].isdigit()}
    known = _source[0](ids.values()) if _source and ids else {}
    return {label: known[pk] for label, pk in ids.items() if pk in known}
