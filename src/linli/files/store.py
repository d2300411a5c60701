"""Where the bytes lie: two-level folders under MEDIA_ROOT/uploads, names drawn at random. Never a user's name."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from .choices import Size

KEY = re.compile(r"[0-9a-f]{32}")


def new_key() -> str:
    """128 random bits in hex: not to be guessed."""
    return secrets.token_hex(16)


def root() -> Path:
    return Path(settings.MEDIA_ROOT) / "uploads"


def path_of(key: str, size: str) -> Path:
    """The one place of a key. Raises ValueError for anything that is not a key of ours."""
    if not KEY.fullmatch(key):
        raise ValueError("not a key")
    return root() / key[:2] / key[2:4] / f"{key}.{Size(size).value}.jpg"


def write(key: str, size: str, data: bytes) -> None:
    """Write and flush to the disk before the row that names it. A key is used once."""
    path = path_of(key, size)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as f:
        f.write(data)
        f.flush()
        os.fsync(f.fileno())


def remove(key: str) -> None:
    """Remove all sizes; nothing happens when they are gone already."""
    for size in Size.values:
        path_of(key, size).unlink(missing_ok=True)


def lying(older_than_epoch_s: float) -> Iterator[str]:
    """Keys of the files that were written before that moment."""
    for path in sorted(root().glob("??/??/*.jpg")):
        key = path.name.split(".")[0]
        if KEY.fullmatch(key) and path.stat().st_mtime < older_than_epoch_s:
            yield key
