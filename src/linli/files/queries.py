"""Reads of stored pictures. Scope is the caller's: it holds the subject because it was allowed to load it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from linli.core.actor import Actor

from . import store
from .models import Upload
from .permissions import missing


@dataclass(frozen=True, slots=True)
class Opened:
    """A file to send: where it lies, how long it is, and its entity tag (with quotes)."""

    path: Path
    length: int
    etag: str


def by_key(key: str) -> Upload:
    """The row of a key. Raises Missing."""
    row = Upload.objects.filter(key=key).first() if store.KEY.fullmatch(key) else None
    if row is None:
        raise missing()
    return row


def for_subject(*, actor: Actor, subject: str) -> list[Upload]:
    """Pictures of one subject, oldest first."""
    return list(Upload.objects.filter(subject=subject).exclude(subject="").order_by("id"))


def for_subjects(*, actor: Actor, subjects: Iterable[str]) -> dict[str, list[Upload]]:
    """Pictures of many subjects in one query; subjects without pictures are left out."""
    found: dict[str, list[Upload]] = defaultdict(list)
    for row in Upload.objects.filter(subject__in=[s for s in subjects if s]).order_by("id"):
        found[row.subject].append(row)
    return dict(found)


def open_file(*, key: str, size: str) -> Opened:
    """Where the bytes of a key lie. Raises Missing when they are gone."""
    try:
        path = store.path_of(key, size)
        length = path.stat().st_size
    except (ValueError, OSError):
        raise missing() from None
    return Opened(path, length, f'"{key}-{size}"')  # the bytes of a key never change
