"""One child of bench/knowledge.py: makes articles out of the words of the Xicheng pack, asks all designs the same."""

from __future__ import annotations

import json
import random
import re
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import django

QUERIES = 600
SECOND = 5_000  # articles in the second design: enough to see that it is slower
TAILS = (
    "怎么办",
    "到哪里办",
    "需要什么材料",
    "怎么反映",
    "谁来管",
    "能不能办",
    "多久办好",
    "怎么申请",
    "有什么规定",
    "由谁负责",
)


def corpus(n: int, seed: int = 7) -> list[dict[str, Any]]:
    """`n` articles: titles of two or three nouns of the pack in a place, answers of sentences of the pack, as frequent
    as words are (the first ones far more often than the last)."""
    import csv

    pack = Path(__file__).resolve().parents[2] / "packs" / "xicheng"
    with (pack / "articles.csv").open(encoding="utf-8") as file:
        starter = list(csv.DictReader(file))
    nouns = sorted({w for row in starter for w in row["keywords"].split() if 2 <= len(w) <= 6})
    with (pack / "communities_2016.csv").open(encoding="utf-8") as file:
        places = sorted({row["name"].removesuffix("居委会").removesuffix("社区") for row in csv.DictReader(file)})
    sentences = [s for row in starter for s in re.split(r"[。\n]", row["answer"]) if len(s) > 8]
    random.seed(seed)
    weights = [1 / (k + 3) for k in range(len(nouns))]
    random.shuffle(nouns)
    rows = []
    for k in range(n):
        a, b, c = random.choices(nouns, weights, k=3)
        place = random.choice(places)
        title = f"{place}{a}{b if k % 3 else ''}{random.choice(TAILS)}"[:80]
        answer = "。\n\n".join(random.choices(sentences, k=random.randint(6, 18)))
        rows.append({"title": title, "keywords": f"{b} {c} {place}", "answer": answer, "words": (a, b, c, place)})
    return rows


def asked(rows: Sequence[dict[str, Any]]) -> list[str]:
    """What operators type: one noun, two, a place and a noun, initials, half a title, whole titles, one wrong letter."""
    from pypinyin import Style, lazy_pinyin

    random.seed(11)
    out: list[str] = []
    for row in random.choices(rows, k=QUERIES):
        a, b, _c, place = row["words"]
        out.append(
            random.choice(
                (
                    a, a[:2], f"{a} {b}", f"{place} {a}", f"请问{place}{a}怎么办", row["title"], row["title"][:6],
                    "".join(lazy_pinyin(a, style=Style.FIRST_LETTER)), a[:1],
                    "".join(lazy_pinyin(place + a, style=Style.FIRST_LETTER)), a[:-1] + "某" if len(a) > 2 else a,
                )
            )
        )  # fmt: skip
    return out


def clocked(calls: Iterable[Callable[[], Any]]) -> tuple[list[float], list[float]]:
    """(CPU ms, wall ms) of each call."""
    cpu, wall = [], []
    for call in calls:
        c, w = time.process_time(), time.perf_counter()
        call()
        cpu.append((time.process_time() - c) * 1000)
        wall.append((time.perf_counter() - w) * 1000)
    return cpu, wall


def p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def row(name: str, database: str, value: float, unit: str, better: str = "lower", limit: float | None = None,
        peer: str | None = None, peer_value: float | None = None) -> dict[str, Any]:  # fmt: skip
    return {
        "name": name, "database": database, "value": round(value, 3), "unit": unit, "better": better, "limit": limit,
        "peer": peer, "peer_value": None if peer_value is None else round(peer_value, 3),
    }  # fmt: skip


# --- the peer, and the second design --------------------------------------------------------------------------
def fts5(rows: Sequence[dict[str, Any]]) -> tuple[Callable[[str], list[int]], float]:
    """SQLite FTS5 with the trigram tokenizer, in memory, with bm25 and our weights; (search, seconds to build)."""
    at = time.perf_counter()
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE a USING fts5(title, keywords, answer, tokenize='trigram')")
    db.executemany("INSERT INTO a(rowid, title, keywords, answer) VALUES (?, ?, ?, ?)",
                   [(n, r["title"], r["keywords"], r["answer"]) for n, r in enumerate(rows)])  # fmt: skip
    db.commit()
    took = time.perf_counter() - at

    def search(text: str) -> list[int]:
        words = text.split()
        if any(len(w) < 3 for w in words):  # trigrams know no shorter word: what is left to it is LIKE
            where = " AND ".join("(title LIKE ? OR keywords LIKE ? OR answer LIKE ?)" for _w in words)
            said = [f"%{w}%" for w in words for _n in range(3)]
            return [r[0] for r in db.execute(f"SELECT rowid FROM a WHERE {where} LIMIT 8", said)]
        match = " AND ".join('"' + w.replace('"', "") + '"' for w in words)
        sql = "SELECT rowid FROM a WHERE a MATCH ? ORDER BY bm25(a, 8.0, 5.0, 1.0) LIMIT 8"
        return [r[0] for r in db.execute(sql, [match])]

    return search, took


def gram_table(rows: Sequence[dict[str, Any]]) -> tuple[Callable[[str], list[int]], float, int]:
    """The other design: (pair, article, weight) as a table of the product's own database; (search, seconds, rows)."""
    from django.db import connection, transaction

    from linli.knowledge.grams import fold, pairs
    from linli.knowledge.search import words_of

    at = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_gram (gram VARCHAR(2) NOT NULL, article INTEGER NOT NULL, weight INTEGER NOT NULL)"
        )
    total = 0
    for start in range(0, len(rows), 1000):
        lines: list[tuple[str, int, int]] = []
        for n, r in enumerate(rows[start : start + 1000], start):
            weights: dict[str, int] = {}
            for part, worth in ((r["answer"], 1), (r["keywords"], 5), (r["title"], 8)):
                for word in fold(part).split():
                    for a, b in pairs(word):
                        weights[a + b] = max(weights.get(a + b, 0), worth)
            lines += [(g, n, w) for g, w in weights.items()]
        total += len(lines)
        with transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with cursor.copy("COPY bench_gram (gram, article, weight) FROM STDIN") as copy:  # type: ignore[attr-defined]
                    for line in lines:
                        copy.write_row(line)
            else:
                cursor.executemany("INSERT INTO bench_gram VALUES (%s, %s, %s)", lines)
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX bench_gram_by ON bench_gram (gram, article, weight)")
        cursor.execute("ANALYZE bench_gram")

    def search(text: str) -> list[int]:
        grams = list(dict.fromkeys(a + b for w in words_of(text) for a, b in pairs(w)))[:40]
        if not grams:
            return []
        marks = ", ".join(["%s"] * len(grams))
        sql = (f"SELECT article FROM bench_gram WHERE gram IN ({marks}) GROUP BY article "
               "ORDER BY COUNT(*) DESC, SUM(weight) DESC, article LIMIT 8")  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(sql, grams)
            return [r[0] for r in cursor.fetchall()]

    return search, time.perf_counter() - at, total


# --- the run ------------------------------------------------------------------------------------------------
def load(rows: Sequence[dict[str, Any]]) -> list[int]:
    """The articles in the product's tables; the version ids in the order of `rows`. Not measured."""
    from django.utils import timezone

    from linli.core.actor import SYSTEM
    from linli.knowledge import actions, shelf
    from linli.knowledge.models import Article, Version

    tree = (Path(actions.__file__).resolve().parents[1] / "data" / "categories.csv").read_text(encoding="utf-8")
    actions.load_categories(actor=SYSTEM, text=tree)
    now = timezone.now()
    later = now.date() + timedelta(days=90)
    articles = [Article(code=f"b{n:05d}", review_on=later) for n in range(len(rows))]
    Article.objects.bulk_create(articles, batch_size=500)
    versions = [
        Version(
            article=a, number=1, state="published", question=r["title"], answer=r["answer"], keywords=r["keywords"],
            initials=shelf.initials_of(r["title"], r["keywords"]), audience="everyone", category="0201",
            provenance="provisional", written_at=now, written_by="system", published_at=now, published_by="system",
        )
        for a, r in zip(articles, rows, strict=True)
    ]  # fmt: skip
    Version.objects.bulk_create(versions, batch_size=200)
    return [v.pk for v in versions]


def measure(database: str, n: int) -> list[dict[str, Any]]:
    from django.core.management import call_command
    from django.test import Client
    from pypinyin import Style, lazy_pinyin

    from linli.accounts import actions as accounts
    from linli.accounts.choices import PostKind
    from linli.accounts.models import Account
    from linli.core.actor import SYSTEM
    from linli.knowledge import actions, queries, shelf
    from linli.knowledge.models import Article

    call_command("migrate", verbosity=0)
    rows = corpus(n)
    ids = load(rows)
    place = {key: k for k, key in enumerate(ids)}
    shelf.forget_everything()
    cpu, wall = clocked([shelf.shelf])
    out = [
        row(f"build the index of {n} from the database, CPU", database, cpu[0] / 1000, "s", limit=2.0),
        row(f"build the index of {n} from the database, wall", database, wall[0] / 1000, "s"),
    ]
    out.append(row("memory of the index", database, shelf.shelf().base.bytes_held / 1e6, "MB"))

    row0 = Article.objects.get(pk=1) if Article.objects.filter(pk=1).exists() else Article.objects.order_by("pk")[0]
    changes: list[float] = []
    for k in range(5):
        content = queries.article(row0.code)
        assert content is not None
        from linli.knowledge.rules import Content

        fresh = Content(f"改过第{k}次的标题", content.answer, content.category)
        seq = Article.objects.get(pk=row0.pk).seq
        actions.save_draft(actor=SYSTEM, code=row0.code, seq=seq, content=fresh, owner_body=None)
        actions.publish(actor=SYSTEM, code=row0.code, seq=seq + 1)
        changes.append(clocked([shelf.shelf])[0][0])
    assert queries.search("改过第4次的标题").hits[0].code == row0.code
    out.append(row("see a published change, CPU", database, statistics.median(changes), "ms"))

    said = asked(rows)
    for text in said[:20]:
        queries.search(text)
    cpu, wall = clocked([partial(queries.search, t) for t in said])
    peer, peer_built = fts5(rows)
    peer_cpu, _w = clocked([partial(peer, t) for t in said])
    label = "SQLite FTS5 trigram"
    out += [
        row("search call, CPU, p95", database, p95(cpu), "ms", limit=30, peer=label, peer_value=p95(peer_cpu)),
        row(
            "search call, CPU, median",
            database,
            statistics.median(cpu),
            "ms",
            peer=label,
            peer_value=statistics.median(peer_cpu),
        ),
        row("search call, CPU, worst", database, max(cpu), "ms", limit=30, peer=label, peer_value=max(peer_cpu)),
        row("search call, wall, p95", database, p95(wall), "ms"),
        row("the peer's index, seconds to build", database, peer_built, "s"),
    ]
    table, seconds, lines = gram_table(rows[:SECOND])
    _cpu, table_wall = clocked([partial(table, t) for t in said[:200]])
    out += [
        row(
            f"second design (table of pairs, {min(SECOND, n)} articles), wall, p95",
            database,
            p95(table_wall),
            "ms",
            limit=30,
        ),
        row(f"second design ({min(SECOND, n)} articles), seconds to build", database, seconds, "s"),
        row(f"second design ({min(SECOND, n)} articles), rows", database, lines, "rows"),
    ]

    sample = random.Random(3).sample(range(1, n), 300)

    def first(search: Callable[[str], list[int]], text: Callable[[int], str], most: int) -> float:
        hits = 0
        for k in sample:
            found = search(text(k))[:most]
            hits += any(rows[f]["title"] == rows[k]["title"] for f in found)
        return 100 * hits / len(sample)

    def ours(text: str) -> list[int]:
        return [place[h.version_id] for h in queries.search(text).hits if h.version_id in place]

    def letters(k: int) -> str:
        return "".join(
            lazy_pinyin(re.sub(r"[^0-9A-Za-z\u3400-\u9fff]", "", rows[k]["title"]), style=Style.FIRST_LETTER)
        )

    def wrong(k: int) -> str:
        title = rows[k]["title"]
        return title[: len(title) // 2] + "某" + title[len(title) // 2 + 1 :]

    for name, ask, most in (
        ("own title is first", lambda k: rows[k]["title"], 1), ("own title with one wrong character, first 8", wrong, 8),
        ("initials of the title, first 8", letters, 8),
        ("a place and a noun of the title, first 8", lambda k: f"{rows[k]['words'][3]} {rows[k]['words'][0]}", 8),
    ):  # fmt: skip
        out.append(
            row(name, database, first(ours, ask, most), "%", "higher", peer=label, peer_value=first(peer, ask, most))
        )

    accounts.create_staff(
        actor=SYSTEM, people=[accounts.NewPerson("bench", "测", PostKind.OPERATOR, "110102", None, None, False)],
        valid_from=django.utils.timezone.now() - timedelta(days=1),
    )  # fmt: skip
    client = Client()
    client.force_login(Account.objects.get(username="bench"), backend="django.contrib.auth.backends.ModelBackend")
    for path, name in (
        ("/knowledge/search", "as typed, whole request"),
        ("/knowledge/", "page of results, whole request"),
    ):
        answers = [client.get(path, {"q": t}, headers={"host": "127.0.0.1"}) for t in said[:5]]
        assert all(a.status_code == 200 for a in answers), answers
        cpu, wall = clocked([partial(client.get, path, {"q": t}, headers={"host": "127.0.0.1"}) for t in said[:300]])  # type: ignore[misc]
        out += [
            row(f"{name}, CPU, p95", database, p95(cpu), "ms"),
            row(f"{name}, wall, p95", database, p95(wall), "ms"),
        ]

    version = queries.search("标题").hits[0].version_id
    cpu, wall = clocked([lambda: actions.count_use(actor=SYSTEM, version_id=version, kind="answer")] * 200)
    out.append(row("count one use, wall, p95", database, p95(wall), "ms"))
    return out


def main() -> None:
    database, n, out = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    django.setup()
    out.write_text(json.dumps(measure(database, n), ensure_ascii=False))


if __name__ == "__main__":
    main()
