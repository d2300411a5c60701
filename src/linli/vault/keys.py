"""Keys of the house: files in settings.KEYS, one per purpose and number, and what is done with them.

Sealing is AES-256-GCM, marks are HMAC-SHA256; both keys are derived (HKDF) from the one in the file.
No tables here, and no policy: who may read what is asked in `permissions` and by `actions`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
import threading
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSES = ("contact", "sealed", "seal", "receipt", "upload", "sample")
LOOK_AGAIN_S = 5.0  # another process may have rotated: a stale number still opens everywhere, so this may be slow
_FORMAT = b"\x01"
_BOUND = b"\x02"  # sealed to a place: `aad` was given, and must be given again
_NAME = re.compile(r"(?P<purpose>[a-z]+)\.k(?P<number>[1-9][0-9]{0,4})")
_HEAD = 1 + 2 + 4  # format, number of the key, fingerprint of the key
_NONCE = 12


class KeyTrouble(RuntimeError):
    """A key is missing, damaged or not the one that sealed this. The message is for the operator; no secret in it."""


class Changed(KeyTrouble):
    """The key is there, but the sealed bytes were changed, or lie in another place than they were sealed for."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of one purpose, ready to use."""

    number: int
    head: bytes
    cipher: AESGCM
    mac_key: hmac.HMAC

    def mark(self, data: bytes) -> str:
        mac = self.mac_key.copy()
        mac.update(data)
        return mac.hexdigest()


@dataclass(slots=True)
class Ring:
    """All keys found in one folder. Safe between threads, and between processes that start at once."""

    folder: Path
    keys: dict[str, dict[int, Key]] = field(default_factory=dict)
    newest: dict[str, Key] = field(default_factory=dict)
    looked_at: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def current(self, purpose: str) -> Key:
        """The newest key of `purpose`; made on first use."""
        key = self.newest.get(purpose)
        if key is None or time.monotonic() - self.looked_at[purpose] > LOOK_AGAIN_S:
            key = self._look(purpose)
        return key

    def numbered(self, purpose: str, number: int) -> Key | None:
        """Key `number` of `purpose`, or None when its file is not there."""
        found = self.keys.get(purpose, {}).get(number)
        if found is None:
            self._look(purpose)
            found = self.keys[purpose].get(number)
        return found

    def all(self, purpose: str) -> tuple[Key, ...]:
        """Every key of `purpose`, newest first."""
        self.current(purpose)
        return tuple(k for _, k in sorted(self.keys[purpose].items(), reverse=True))

    def add(self, purpose: str) -> Key:
        """A new key with the next number. Two processes that rotate at once share one new key."""
        number = self.current(purpose).number + 1
        create(self.folder, purpose, number)
        return self._look(purpose)

    def _look(self, purpose: str) -> Key:
        _known(purpose)
        with self.lock:
            numbers = _numbers(self.folder, purpose)
            if not numbers:
                create(self.folder, purpose, 1)
                numbers = [1]
            held = self.keys.get(purpose, {})
            ring = {n: held.get(n) or _load(self.folder, purpose, n) for n in numbers}
            self.keys[purpose] = ring
            self.newest[purpose] = ring[max(numbers)]
            self.looked_at[purpose] = time.monotonic()
            return self.newest[purpose]


def _known(purpose: str) -> None:
    if purpose not in PURPOSES:
        raise KeyTrouble(f"no such purpose of a key: {purpose!r} (known: {', '.join(PURPOSES)})")


def _numbers(folder: Path, purpose: str) -> list[int]:
    found = (_NAME.fullmatch(name) for name in os.listdir(folder))
    return sorted(int(m["number"]) for m in found if m and m["purpose"] == purpose)


def create(folder: Path, purpose: str, number: int) -> None:
    """Write one key file, 0600, unless it is there. The name appears only when the bytes are on the disk:
    a second process that lost the race finds the winner's whole key, never half of one."""
    target = folder / f"{purpose}.k{number}"
    draft = folder / f".{target.name}.{secrets.token_hex(8)}"
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(fd, "w") as f:
            f.write(secrets.token_hex(32) + "\n")
            f.flush()
            os.fsync(f.fileno())
        try:
            os.link(draft, target)
        except FileExistsError:
            return
    finally:
        os.unlink(draft)
    at = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(at)
    finally:
        os.close(at)


def _load(folder: Path, purpose: str, number: int) -> Key:
    path = folder / f"{purpose}.k{number}"
    try:
        raw = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise KeyTrouble(f"key {path.name} cannot be read") from error
    if len(raw) != 32:
        raise KeyTrouble(f"key {path.name} is damaged: 32 bytes expected")
    head = _FORMAT + number.to_bytes(2, "big") + hashlib.sha256(b"linli key" + raw).digest()[:4]
    cipher = AESGCM(_derive(raw, purpose, b"seal"))
    return Key(number, head, cipher, hmac.new(_derive(raw, purpose, b"mark"), digestmod="sha256"))


def _derive(raw: bytes, purpose: str, use: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"linli\0" + purpose.encode() + b"\0" + use).derive(raw)


@lru_cache(maxsize=8)
def _ring_of(folder: str) -> Ring:
    return Ring(Path(folder))


def ring() -> Ring:
    """The ring of settings.KEYS."""
    return _ring_of(str(settings.KEYS))


def seal(purpose: str, data: bytes, *, aad: bytes = b"") -> bytes:
    """`data` sealed with the newest key of `purpose`. `aad` is not stored: it must be given again to open."""
    key = ring().current(purpose)
    nonce = os.urandom(_NONCE)
    head = (_BOUND if aad else _FORMAT) + key.head[1:]
    return head + nonce + key.cipher.encrypt(nonce, data, head + aad)


def unseal(purpose: str, sealed: bytes | memoryview, *, aad: bytes = b"") -> bytes:
    """What was sealed. Raises KeyTrouble when the key is gone or another one, Changed when the bytes or `aad` are."""
    sealed = bytes(sealed)
    if len(sealed) < _HEAD + _NONCE + 16 or sealed[:1] not in (_FORMAT, _BOUND):
        raise KeyTrouble(f"not something sealed for {purpose}")
    head, number = sealed[:_HEAD], int.from_bytes(sealed[1:3], "big")
    key = ring().numbered(purpose, number)
    if key is None:
        raise KeyTrouble(f"key {purpose}.k{number} is missing: restore it from the backup of the keys")
    if key.head[1:] != head[1:]:
        raise KeyTrouble(f"key {purpose}.k{number} is not the one that sealed this: restore the right keys")
    try:
        return key.cipher.decrypt(sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :], head + aad)
    except InvalidTag as error:
        raise Changed(f"something sealed for {purpose} was changed or moved") from error


def is_bound(sealed: bytes | memoryview) -> bool:
    """Whether this was certainly sealed with `aad`. What the first format sealed may have been, or not."""
    return bytes(sealed)[:1] == _BOUND


def sealed_with(sealed: bytes | memoryview) -> int:
    """The number of the key that sealed this."""
    return int.from_bytes(bytes(sealed)[1:3], "big")


def newest(purpose: str) -> int:
    """The number of the key that seals today."""
    return ring().current(purpose).number


def mac(purpose: str, data: bytes) -> str:
    """HMAC-SHA256 in 64 hex digits with the newest key. To look a mark up later, ask `macs`: keys rotate."""
    return ring().current(purpose).mark(data)


def macs(purpose: str, data: bytes) -> tuple[str, ...]:
    """The mark of `data` under every key of `purpose`, newest first: for a look-up `field__in=macs(...)`."""
    return tuple(key.mark(data) for key in ring().all(purpose))


def mac_holds(purpose: str, data: bytes, mark: str) -> bool:
    """Whether `mark` is the mark of `data` under any key of `purpose`."""
    return any(hmac.compare_digest(known.encode(), mark.encode("utf-8", "replace")) for known in macs(purpose, data))


def rotate(purpose: str) -> int:
    """A new key seals from now on; the old ones still open. Returns its number."""
    return ring().add(purpose).number


def prepare() -> None:
    """Make the first key of every purpose: at installation, before the workers start."""
    for purpose in PURPOSES:
        ring().current(purpose)


def problems() -> list[str]:
    """What `linli doctor` should say about the folder of keys; empty when all is well."""
    folder = Path(settings.KEYS)
    said = []
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        said.append(f"{folder} is open to others: chmod 700")
    for path in sorted(folder.iterdir()):
        if not _NAME.fullmatch(path.name):
            continue
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            said.append(f"{path.name} is open to others: chmod 600")
        purpose, number = path.name.split(".k")
        try:
            _load(folder, purpose, int(number))
        except KeyTrouble as trouble:
            said.append(str(trouble))
    return said
