"""Daily seals and the proof of the journal. A seal covers every line up to a position and the seal before it,
and is written outside the database too: a cut tail or a deleted matter shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.canonical import canonical
from linli.vault import keys

from . import chain
from .models import Journal, Matter, Outbox, Seal, Sealed
from .relay import position
from .sealing import unseal_text


def copy_path(database: str = "") -> Path:
    """The copy outside the database: one file a database (ours, or the one called so), since two may share a folder."""
    name = Path(database or str(settings.DATABASES["default"]["NAME"])).stem
    return Path(settings.SEALS) / f"journal-seals-{name}.jsonl"


def copies() -> list[Path]:
    """Every copy in the folder, of whatever database."""
    return sorted(Path(settings.SEALS).glob("journal-seals-*.jsonl"))


def hand_over(source: Path, target: Path) -> Path | None:
    """The copy goes on under another database's name. Where that one's own copy was put aside, if it told otherwise."""
    if source == target or not source.exists():
        return None
    text, aside = source.read_bytes(), None
    if target.exists() and not text.startswith(target.read_bytes()):
        aside = target.with_name(f"{target.stem}.before-{clock.now():%Y%m%dT%H%M%SZ}.kept")
        target.rename(aside)
    draft = target.with_name(f".{target.name}.new")
    draft.write_bytes(text)
    draft.replace(target)
    return aside


@dataclass(frozen=True, slots=True)
class Break:
    """The first thing that does not hold: which matter and line, and why."""

    matter_id: int | None
    seq: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What was looked at and, if anything, where it first breaks."""

    matters: int
    lines: int
    seals: int
    broken: Break | None

    @property
    def holds(self) -> bool:
        return self.broken is None


def _roll(root: str, after: int, upto: int) -> tuple[str, int]:
    """The rolling SHA-256 over the lines in (after, upto], and how many they are."""
    digest = hashlib.sha256(root.encode())
    count = 0
    rows = Outbox.objects.filter(position__gt=after, position__lte=upto).order_by("position")
    for place, line_hash in rows.values_list("position", "journal__hash").iterator(5000):
        digest.update(f"\n{place}:{line_hash}".encode())
        count += 1
    return digest.hexdigest(), count


def make_seal() -> Seal | None:
    """Seal everything stamped since the last seal; None when there is nothing new."""
    upto = position()
    last = Seal.objects.order_by("-position").first()
    if upto == (last.position if last else 0):
        return None
    root, count = _roll(last.root if last else chain.GENESIS, last.position if last else 0, upto)
    made_at = clock.now()
    mac = keys.mac("seal", _mac_text(upto, count, root))
    with transaction.atomic():
        seal = Seal.objects.create(made_at=made_at, position=upto, count=count, root=root, mac=mac)
    _write_copy()
    return seal


def _write_copy() -> None:
    """Append the seals after the last one of the copy: this one, and one whose line an ended process did not write."""
    upto = max(_copied(), default=0)
    with copy_path().open("a", encoding="utf-8") as copy:
        for row in Seal.objects.filter(position__gt=upto).order_by("position"):
            line = {"made_at": row.made_at, "position": row.position, "count": row.count}
            copy.write(canonical(line | {"root": row.root, "mac": row.mac}) + "\n")


def _copied() -> dict[int, dict[str, Any]]:
    """The lines of the copy outside, by position."""
    copy = copy_path()
    texts = copy.read_text(encoding="utf-8").splitlines() if copy.exists() else []
    return {entry["position"]: entry for entry in map(json.loads, texts)}


def _mac_text(upto: int, count: int, root: str) -> bytes:
    return f"{upto}:{count}:{root}".encode()


def verify(matter_id: int | None = None) -> Proof:
    """Recompute every chain (or one matter's) and every seal. Stops at the first line that does not hold."""
    matters = lines = 0
    for matters, lines, broken in _walk(matter_id):
        if broken:
            return Proof(matters, lines, 0, broken)
    if matter_id is not None:
        return Proof(matters, lines, 0, None)
    seals, broken = _verify_seals()
    return Proof(matters, lines, seals, broken)


def _walk(matter_id: int | None) -> Iterator[tuple[int, int, Break | None]]:
    """Yields (matters, lines, break) after each matter, in the order of ids."""
    heads = Matter.objects.order_by("pk").values_list("pk", "key", "seq", "head", "stage")
    journal = Journal.objects.order_by("matter_id", "seq").select_related("sealed")
    if matter_id is not None:
        heads, journal = heads.filter(pk=matter_id), journal.filter(matter_id=matter_id)
    rows = journal.iterator(2000)
    row = next(rows, None)
    matters = lines = 0
    for pk, key, seq, head, stage in heads.iterator(2000):
        if row is not None and row.matter_id < pk:
            yield matters, lines, Break(row.matter_id, row.seq, _("日志里有一件已经不存在的事项"))
            return
        previous, place, last_to = chain.GENESIS, 0, None
        gone = told = 0  # the last line whose text is erased, and the last that says so
        while row is not None and row.matter_id == pk:
            place += 1
            if reason := _wrong(row, key.hex, place, previous):
                yield matters, lines, Break(pk, place, reason)
                return
            previous, last_to = row.hash, json.loads(row.body)["to"]
            gone = place if _is_erased(row) else gone
            told = place if row.verb == "erase" else told
            lines += 1
            row = next(rows, None)
        matters += 1
        if place != seq or previous != head:
            yield matters, lines, Break(pk, place + 1 if place < seq else place, _("日志的末尾与事项不符"))
            return
        if gone > told:
            yield matters, lines, Break(pk, gone, _("这一行的密封内容被抹去，却没有删除的记录"))
            return
        if last_to is not None and last_to != stage:
            yield matters, lines, Break(pk, place, _("事项的环节与日志不符"))
            return
        yield matters, lines, None
    if row is not None:
        yield matters, lines, Break(row.matter_id, row.seq, _("日志里有一件已经不存在的事项"))


def _is_erased(row: Journal) -> bool:
    sealed: Sealed | None = getattr(row, "sealed", None)
    return sealed is not None and sealed.salt is None


def _wrong(row: Journal, key: str, place: int, previous: str) -> str:
    if row.seq != place:
        return _("缺少一行日志")
    if chain.line_hash(previous, row.body) != row.hash:
        return _("这一行的内容被改动过")
    body = json.loads(row.body)
    written = (body["matter"], body["seq"], body["verb"], body["actor"], body["at"])
    if written != (key, row.seq, row.verb, row.actor, row.at.astimezone(UTC).isoformat(timespec="microseconds")):
        return _("这一行的列与正文不符")
    sealed: Sealed | None = getattr(row, "sealed", None)
    if (sealed is None) != (body["sealed"] is None):
        return _("这一行的密封内容不见了")
    if sealed is not None and sealed.salt is not None:
        try:
            unseal_text(sealed, matter_key=UUID(key), seq=place, digest=body["sealed"])
        except keys.Changed:
            return _("这一行的密封内容被改动过")
    return ""


def _verify_seals() -> tuple[int, Break | None]:
    root, after, made = chain.GENESIS, 0, 0
    known = _copied()
    if not known and Seal.objects.exists():
        return 0, Break(None, None, _("库外找不到封签的副本 %(file)s") % {"file": copy_path().name})
    for seal in Seal.objects.order_by("position"):
        root, count = _roll(root, after, seal.position)
        after, made = seal.position, made + 1
        if (root, count) != (seal.root, seal.count):
            return made, Break(None, None, _("第 %(n)s 个封签与日志不符") % {"n": made})
        if seal.mac not in keys.macs("seal", _mac_text(seal.position, seal.count, seal.root)):
            return made, Break(None, None, _("第 %(n)s 个封签不是这套系统盖的") % {"n": made})
        entry = known.pop(seal.position, None)
        if entry is not None and entry["root"] != seal.root:
            return made, Break(None, None, _("第 %(n)s 个封签与库外的副本不符") % {"n": made})
    if known:
        return made, Break(None, None, _("库外的副本里有数据库没有的封签"))
    return made, None
