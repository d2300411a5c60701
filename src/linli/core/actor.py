"""Who acts. An Actor is a value: it is built once per request and never reads the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Post:
    """One post held now. `division` is a 6-, 9- or 12-digit code; `body_id` the body it serves, if any."""

    id: int
    kind: str
    division: str
    body_id: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind` is person (signed in), token (a program of an account), resident (nobody signed in) or system."""

    kind: str
    id: int | None = None
    name: str = ""
    posts: tuple[Post, ...] = field(default=())
    # the bodies of all posts of a token's account, in its scopes or not: they give no power, but they bar from checking
    serves: frozenset[int] = frozenset()

    @property
    def label(self) -> str:
        """How the journal names the actor: a stable token, never a name."""
        return self.kind if self.id is None else f"{self.kind}:{self.id}"

    def holds(self, kinds: Iterable[str], division: str | None = None) -> bool:
        """Whether a post of one of `kinds` is held whose division is `division` or contains it."""
        wanted = set(kinds)
        return any(
            p.kind in wanted and (division is None or (division != "" and division.startswith(p.division)))
            for p in self.posts
        )

    def bodies(self, kinds: Iterable[str]) -> frozenset[int]:
        """The bodies for which a post of one of `kinds` is held."""
        wanted = set(kinds)
        return frozenset(p.body_id for p in self.posts if p.kind in wanted and p.body_id is not None)


SYSTEM = Actor("system", None, "系统")
RESIDENT = Actor("resident", None, "居民")
