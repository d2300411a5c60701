"""Every address of the house, taken from the URL configuration, with sample values for its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.urls import URLPattern, get_resolver, reverse


@dataclass(frozen=True)
class Address:
    """`name` as in reverse(); `parts` are the names of its parameters."""

    name: str
    parts: tuple[str, ...]

    def path(self, samples: Mapping[str, object]) -> str:
        """The address with its own samples ('name.part'), else the common one ('part')."""
        values = {p: samples.get(f"{self.name}.{p}", samples.get(p)) for p in self.parts}
        unknown = [p for p, v in values.items() if v is None]
        assert not unknown, f"no sample for {unknown} of {self.name}: add it to the samples of the matrix"
        return reverse(self.name, kwargs=values)


def every_address() -> list[Address]:
    """All named addresses, in the order of the configuration, each once."""
    found = {a.name: a for a in _walk(get_resolver(), "")}
    return list(found.values())


def _walk(resolver: object, space: str) -> Iterator[Address]:
    for pattern in resolver.url_patterns:  # type: ignore[attr-defined]
        if isinstance(pattern, URLPattern):
            assert pattern.name, f"an address without a name: {pattern.pattern}"
            name = f"{space}:{pattern.name}" if space else pattern.name
            yield Address(name, tuple(pattern.pattern.regex.groupindex))
        else:
            yield from _walk(pattern, pattern.namespace or space)
