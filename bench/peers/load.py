"""The load under the response bench: cases as a district has after some years, written as fast as the database takes them.

Every case has its matter, its own row, one journal line whose hash holds, and a stamped announcement; returns and
transfers, joint bodies, changes of time, offers, telephone calls and contacts come in the shares that `SHARES` says.
Sealed texts are left out: they lie beside the lines and no measured read opens more than one case's. The numbers are
invented, and are the same in every run.
"""

from __future__ import annotations

import hashlib
import io
import json
import time
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
from django.db import connection, models, transaction

from linli.core import clock
from linli.core.actor import SYSTEM
from linli.flow import chain, relay
from linli.flow.models import Journal, Matter, Outbox
from linli.organisations import queries as organisations
from linli.organisations.choices import SOCIETY
from linli.response.catalogue import catalogue
from linli.response.models import Assist, CallAttempt, Case, Handover, Offer, TimeChange
from linli.response.queries import routing
from linli.territory import queries as territory
from linli.vault import keys
from linli.vault.models import Contact

DAY = 86_400_000_000  # µs
OPEN = 20_000  # open at one time, however many there were before
CHUNK = 10_000
OPEN_STAGES = {
    "reported": 3, "accepted": 10, "finding": 0.5, "offered": 2, "dispatched": 10, "handling": 37, "return_asked": 2,
    "transfer_asked": 1.5, "fed_back": 8, "verified": 4, "merged": 2, "closed": 20,
}  # fmt: skip
CHANNELS = {"phone": 0.62, "web": 0.18, "field": 0.14, "onsite": 0.04, "api": 0.02}
SHARES = {"handover": 0.06, "assist": 0.03, "time": 0.05, "offer": 0.01, "call": 0.2, "declined": 0.02}
"""Of the cases that have ended. Open ones have what their stage needs, and one in twelve in hand stands still."""


def fill(n: int, spots: Sequence[tuple[float, float]], *, open_most: int = OPEN) -> float:
    """Write `n` cases at `spots`, at most `open_most` of them open; the seconds that it took, indexes and statistics
    included."""
    began = time.monotonic()
    while relay.stamp():
        pass
    writer = _Writer()
    _Made(n, spots, open_most).write(writer)
    writer.finish()
    return time.monotonic() - began


# --- writing ---------------------------------------------------------------------------------------------
class _Writer:
    """COPY on PostgreSQL, with the plain indexes built afterwards; many rows a statement on SQLite."""

    MODELS: tuple[type[models.Model], ...] = (
        Matter, Case, Journal, Outbox, Handover, Assist, TimeChange, Offer, CallAttempt, Contact,
    )  # fmt: skip

    def __init__(self) -> None:
        self.postgres = connection.vendor == "postgresql"
        self._later: list[str] = []
        if not self.postgres:
            return
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
            cursor.execute("SET maintenance_work_mem = '512MB'")
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            if cursor.fetchone()[0]:  # what is written here points at rows that are written here
                cursor.execute("SET session_replication_role = replica")
            cursor.execute(
                "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
                " WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisunique",
                [[m._meta.db_table for m in self.MODELS]],
            )
            for name, how in cursor.fetchall():
                cursor.execute(f"DROP INDEX {name}")
                self._later.append(how)

    def rows(self, model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Rows of the columns `names`; every other column takes the default of its field."""
        taken = list(rows)
        if not taken:
            return
        fields = {f.column: f for f in model._meta.concrete_fields}
        rest = [f for c, f in fields.items() if c not in names and not f.null and not f.primary_key]
        added = [str(f.column) for f in rest]
        more = tuple(_default(f) for f in rest)
        columns = ", ".join([*names, *added])
        table = model._meta.db_table
        with connection.cursor() as cursor:
            if self.postgres:
                text = io.StringIO()
                tail = "".join("\t" + _copied(v) for v in more) + "\n"
                for row in taken:
                    text.write("\t".join(map(_copied, row)) + tail)
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    copy.write(text.getvalue())
                return
            marks = ", ".join(["%s"] * (len(names) + len(rest)))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", [(*row, *more) for row in taken])

    def finish(self) -> None:
        """Indexes, numbers that go on where the rows end, statistics, and nothing left to write back."""
        with connection.cursor() as cursor:
            for how in self._later:
                cursor.execute(how)
            if self.postgres:
                from django.core.management.color import no_style

                for sql in connection.ops.sequence_reset_sql(no_style(), list(self.MODELS)):
                    cursor.execute(sql)
                cursor.execute("RESET ALL")
                cursor.execute("VACUUM (ANALYZE)")
                cursor.execute("CHECKPOINT")
            else:  # a server starts on a database, not on a log of everything that was loaded
                cursor.execute("ANALYZE")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                assert cursor.fetchone()[0] == 0, "the log could not be emptied"
        connection.close()  # the next one has its own settings again


def _default(field: Any) -> Any:
    if isinstance(field, models.JSONField):
        return json.dumps(field.get_default())
    return field.get_db_prep_save(field.get_default(), connection)


def _copied(value: Any) -> str:
    return r"\N" if value is None else str(value)


# --- what is written -------------------------------------------------------------------------------------
class _Made:
    """All cases as columns; rows are made of them chunk by chunk."""

    def __init__(self, n: int, spots: Sequence[tuple[float, float]], open_most: int) -> None:
        self.n, self.open_most, self.dice = n, open_most, np.random.default_rng(7)
        self.now = int(clock.now().timestamp() * 1e6)
        self.known = list(catalogue().by_code.values())
        self.spots = list(spots)
        self.places = [territory.check_point(*spot) for spot in spots]
        self.base = Matter.objects.aggregate(last=models.Max("pk"))["last"] or 0
        self.lines = Journal.objects.aggregate(last=models.Max("pk"))["last"] or 0
        self.position = relay.position()
        self.society = [b.id for b in organisations.bodies() if b.kind in set(SOCIETY)]
        self.bodies = [b.id for b in organisations.bodies() if b.kind not in set(SOCIETY)]
        self.contacts = Contact.objects.aggregate(last=models.Max("pk"))["last"] or 0
        self._choose()

    def _choose(self) -> None:
        n, dice = self.n, self.dice
        few = min(self.open_most, max(1, n // 5))
        newest = min(n, few * 5 // 2)  # most of what is open came in lately, some lies about for long
        late = dice.choice(newest, min(newest, few * 19 // 20), replace=False) + (n - newest)
        old = dice.choice(n, few - len(late), replace=False)
        self.open = np.zeros(n, dtype=bool)
        self.open[late] = self.open[old] = True
        if self.open_most >= n:
            self.open[:] = True
        names, weights = list(OPEN_STAGES), np.array(list(OPEN_STAGES.values()))
        self.stage = np.where(dice.random(n) < SHARES["declined"], "declined", "ended").astype("U16")
        self.stage[self.open] = dice.choice(names, int(self.open.sum()), p=weights / weights.sum())
        # 2,000 cases a day; the last of them a minute ago
        self.opened = self.now - 60_000_000 - (n - 1 - np.arange(n)) * (DAY // 2000)
        rank = 1 / (np.arange(len(self.known)) + 4.0)  # a few classes are most of what is reported
        self.type = dice.permutation(len(self.known))[dice.choice(len(self.known), n, p=rank / rank.sum())]
        self.spot = dice.integers(0, len(self.spots), n)
        self.channel = dice.choice(list(CHANNELS), n, p=list(CHANNELS.values()))
        took = (dice.gamma(2.0, 0.9, n) * DAY).astype(np.int64)
        self.closed = np.minimum(self.opened + took + 60_000_000, self.now)
        self.ended = np.minimum(self.closed + (dice.random(n) * 2 * DAY).astype(np.int64), self.now)
        waited = (dice.random(n) * np.minimum(self.now - self.opened, 2 * DAY)).astype(np.int64)
        self.started = np.where(self.open, self.now - waited, self.ended)
        self.due = self.started + ((0.3 + dice.random(n) * 3) * DAY).astype(np.int64)
        self.final = np.maximum(self.opened + 5 * DAY, self.due)
        self.alarm = self.now + ((dice.random(n) * 3 - 0.005) * DAY).astype(np.int64)  # a few are about to ring
        self.luck = dice.random(n).tolist()

    def write(self, to: _Writer) -> None:
        for start in range(0, self.n, CHUNK):
            self._chunk(to, start, min(start + CHUNK, self.n))

    def _chunk(self, to: _Writer, a: int, b: int) -> None:
        when = {
            c: _moments(getattr(self, c)[a:b])
            for c in ("opened", "closed", "ended", "started", "due", "final", "alarm")
        }
        keys_ = self.dice.bytes(16 * (b - a)).hex()
        tables: dict[type[models.Model], list[tuple[Any, ...]]] = {m: [] for m in to.MODELS}
        for k in range(a, b):
            self._case(tables, k, keys_[32 * (k - a) : 32 * (k - a) + 32], {c: v[k - a] for c, v in when.items()})
        with transaction.atomic():
            for model, names in COLUMNS.items():
                to.rows(model, names.split(), tables[model])

    def _case(self, tables: dict[Any, list[tuple[Any, ...]]], k: int, key: str, at: dict[str, str]) -> None:
        pk, stage, open_now = self.base + k + 1, str(self.stage[k]), bool(self.open[k])
        view, (lon, lat), place = self.known[self.type[k]], self.spots[self.spot[k]], self.places[self.spot[k]]
        channel, luck = str(self.channel[k]), self.luck[k]
        lead, fact = _route(place.community, place.subdistrict, place.district, view.code, channel)
        has_contact = open_now and luck < 0.8
        body = line_text(key, at["opened"], channel, view.code, has_contact, place.grid, fact, stage)
        head = hashlib.sha256(f"{chain.GENESIS}\n{body}".encode()).hexdigest()
        owner = None if stage in ("reported", "accepted", "finding", "offered", "declined", "merged") else lead
        if stage == "closed" and luck < 0.15:
            owner = None
        asks = stage in ("dispatched", "handling") and luck < 0.04
        still = not asks and stage == "handling" and luck < 0.12
        closed = at["closed"] if stage in ("ended", "closed") else None
        due = at["due"] if open_now and stage != "merged" else None
        tables[Matter].append((
            pk, key, "case", view.id, view.name_zh, stage, 1, 1, head, place.community or place.subdistrict,
            place.subdistrict, place.community, place.grid, owner, "subdistrict_chief" if asks else "", at["opened"],
            at["started"], due, at["final"], at["alarm"] if due else None, closed, None if open_now else at["ended"],
        ))  # fmt: skip
        if has_contact:
            self.contacts += 1
        tables[Case].append((
            pk, view.id, channel, lon, lat, place.near, lead, self.contacts if has_contact else None, at["opened"],
            at["started"] if still else None, still or (not open_now and luck < SHARES["time"]),
            *(("solved", "satisfied") if stage == "ended" else ("", "")), 1 if stage == "closed" and luck > 0.97 else 0,
            1 if luck < SHARES["call"] and stage == "ended" else 0,
        ))  # fmt: skip
        tables[Journal].append((self.lines + k + 1, pk, 1, "report", "system", at["opened"], body, head))
        tables[Outbox].append((self.lines + k + 1, pk, self.position + k + 1))
        if has_contact:
            tables[Contact].append(
                (self.contacts, f"case:{pk}", *_contact(), at["opened"], "2099-01-01 00:00:00+00:00")
            )
        self._hands(tables, pk, stage, at, lead or self.bodies[0], luck, asks, still)

    def _hands(
        self, tables: Any, pk: int, stage: str, at: dict[str, str], lead: int, luck: float, asks: bool, still: bool
    ) -> None:
        ended = stage == "ended"
        other = self.bodies[pk % len(self.bodies)]
        if stage in ("return_asked", "transfer_asked"):
            moved = stage == "transfer_asked"
            tables[Handover].append(
                (
                    pk,
                    "transfer" if moved else "return",
                    "asked",
                    lead,
                    other if moved else None,
                    at["started"],
                    "person:1",
                    None,
                )
            )
        elif ended and luck < SHARES["handover"]:
            tables[Handover].append(
                (
                    pk,
                    "return",
                    "granted" if luck < 0.04 else "refused",
                    lead,
                    None,
                    at["opened"],
                    "person:1",
                    at["closed"],
                )
            )
        if ended and luck > 1 - SHARES["assist"]:
            tables[Assist].append((pk, other, "reported", at["opened"], at["closed"]))
        elif stage == "handling" and luck > 0.96:
            tables[Assist].append((pk, other, "asked", at["started"], None))
        if asks:
            tables[TimeChange].append((pk, "pause", "asked", at["started"], "person:1", None, None, None, None))
        elif still:
            tables[TimeChange].append(
                (pk, "pause", "granted", at["started"], "person:1", at["started"], at["started"], at["alarm"], None)
            )
        elif ended and luck < SHARES["time"]:
            tables[TimeChange].append(
                (
                    pk,
                    "pause",
                    "granted",
                    at["opened"],
                    "person:1",
                    at["opened"],
                    at["opened"],
                    at["closed"],
                    at["closed"],
                )
            )
        if stage == "offered":
            tables[Offer].append((pk, "open", lead, at["started"], at["alarm"], None, None, None))
        elif ended and self.society and 0.5 < luck < 0.5 + SHARES["offer"]:
            who = self.society[pk % len(self.society)]
            tables[Offer].append((pk, "done", lead, at["opened"], at["closed"], who, at["opened"], at["closed"]))
        if ended and luck < SHARES["call"]:
            tables[CallAttempt].append((pk, at["ended"], f"person:{1 + pk % 7}", "talked", "solved"))


COLUMNS: dict[type[models.Model], str] = {
    Matter: "id key kind type_version_id title stage version seq head area subdistrict community grid_at_intake body_id"
    " post_kind opened_at stage_started_at due_at final_due_at alarm_at closed_at ended_at",
    Case: "matter_id case_class_id channel lon lat near suggested_body_id contact_id counted_from paused_at time_changed"
    " outcome satisfaction reopen_count call_count",
    Journal: "id matter_id seq verb actor at body hash",
    Outbox: "journal_id matter_id position",
    Handover: "case_id kind state from_body_id to_body_id asked_at asked_by answered_at",
    Assist: "case_id body_id state asked_at reported_at",
    TimeChange: "case_id kind state asked_at asked_by answered_at starts_at until ended_at",
    Offer: "case_id state owed_by_id opened_at claim_by claimed_by_id claimed_at ended_at",
    CallAttempt: "case_id at by result outcome",
    Contact: "id subject purpose sealed key_number consent kept_by kept_at erase_at",
}


def _moments(values: Any) -> list[str]:
    """UTC texts that both databases read as they write them."""
    return [t.replace("T", " ") for t in np.datetime_as_string(values.astype("datetime64[us]"), unit="us").tolist()]


@cache
def _route(community: str, subdistrict: str, district: str, code: str, channel: str) -> tuple[int | None, str]:
    found = routing.decide(
        divisions=(community, subdistrict, district), class_code=code, channel=channel, at=clock.now()
    )
    return found.body_id, json.dumps(found.fact, sort_keys=True, separators=(",", ":"))


@cache
def _contact() -> tuple[Any, ...]:
    """One sealed number for all: nobody opens it here."""
    sealed = keys.seal("contact", b'{"phone":"13800138000","name":""}', aad=b"bench")
    data: Any = sealed
    if connection.vendor == "postgresql":
        data = "\\\\x" + bytes(sealed).hex()
    return ("case_contact", data, keys.sealed_with(sealed), "case_contact-1", SYSTEM.label)


def line_text(key: str, at: str, channel: str, code: str, contact: bool, grid: str, route: str, to: str) -> str:
    """The text of a first line as `flow.chain` writes it, at a tenth of the cost; `check_lines` compares the two."""
    return (
        f'{{"actor":"system","at":"{at.replace(" ", "T")}+00:00","facts":{{"channel":"{channel}","class":"{code}",'
        f'"contact":{"true" if contact else "false"},"grid":"{grid}","photos":0,"route":{route}}},"from":"",'
        f'"matter":"{key}","sealed":null,"seq":1,"to":"{to}","v":1,"verb":"report"}}'
    )


def check_lines(sample: int = 50) -> None:
    """Some of the loaded lines against the chain: a load that no journal could hold would measure nothing."""
    for line in Journal.objects.select_related("matter").filter(verb="report").order_by("-pk")[:sample]:
        said = json.loads(line.body)
        body = chain.line_body(
            matter_key=line.matter.key.hex, seq=1, verb="report", actor="system", at=line.at, source="",
            target=said["to"], facts=said["facts"], sealed_digest=None,
        )  # fmt: skip
        assert (body, chain.line_hash(chain.GENESIS, body), line.hash) == (line.body, line.hash, line.matter.head)
