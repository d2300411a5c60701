"""Ranking over published articles: title before keywords before answer; whole before beginning before inside. Pure.

All words of the query are needed; where no article has them all, the nearest ones follow. Formulas and weights:
docs/methods/knowledge.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .grams import Grams, Lines, fold, near, pairs
from .rules import valid_in

LONGEST = 80  # characters of a query that are read
MOST_WORDS = 12
TITLE, KEYWORD, ANSWER = 8.0, 5.0, 1.0
LOOKED_AT = 96  # candidates whose texts are compared one by one
ENOUGH = 0.5  # of the best cover: what is still shown when not all words are there
_RUNS = re.compile(r"[0-9a-z]+|[^\s0-9a-z]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index keeps of one article. `id` is its version; `initials` are lines, the words of each parted by spaces."""

    id: int
    title: str
    keywords: str
    initials: str
    division: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    public: bool = True
    article: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """Version ids, best first; how many there are in all; whether they hold every word; the words that were looked for."""

    ids: tuple[int, ...]
    total: int
    complete: bool
    words: tuple[str, ...]


@cache
def fillers() -> tuple[str, ...]:
    """What people say around a question; longer ones first."""
    lines = (Path(__file__).parent / "data" / "fillers.txt").read_text(encoding="utf-8").split()
    return tuple(sorted(lines, key=lambda w: -len(w)))


def words_of(text: str) -> tuple[str, ...]:
    """The words of a query: runs of letters and runs of Chinese, without what people say around a question."""
    folded = fold(text[: LONGEST * 4].replace("\0", " "))[:LONGEST]
    kept = folded
    for filler in fillers():
        kept = kept.replace(filler, " ")
    found = _RUNS.findall(kept) or _RUNS.findall(folded)
    return tuple(dict.fromkeys(found))[:MOST_WORDS]


@dataclass
class Segment:
    """The arrays over some articles, never changed once built."""

    entries: Sequence[Entry]
    titles: list[str] = field(init=False)
    keywords: list[str] = field(init=False)
    asked: list[str] = field(init=False)  # the titles as a query would be read

    def build(self, answers: Sequence[str]) -> Segment:
        self.titles = [" ".join(fold(e.title).split()) for e in self.entries]
        self.keywords = [" ".join(fold(e.keywords).split()) for e in self.entries]
        self.asked = ["".join(words_of(t)) for t in self.titles]
        heads = [f"{t} {k}" for t, k in zip(self.titles, self.keywords, strict=True)]
        self.title_grams = Grams(self.titles, singles=True)
        self.keyword_grams = Grams(self.keywords, singles=True)
        self.answer_grams = Grams(answers)
        self.gap_grams = Grams(heads, apart=2)
        self.letters = Lines([(n, line) for n, e in enumerate(self.entries) for line in e.initials.split("\n") if line])
        return self

    @property
    def bytes_held(self) -> int:
        strings = sum(len(t) * 2 + len(k) * 2 + 148 for t, k in zip(self.titles, self.keywords, strict=True))
        grams = (self.title_grams, self.keyword_grams, self.answer_grams, self.gap_grams)
        return strings + self.letters.bytes_held + sum(g.bytes_held for g in grams)


class Index:
    """Segments one after the other; of the first those articles are masked that were `renewed` since it was built."""

    def __init__(self, segments: Sequence[Segment], renewed: frozenset[int] = frozenset()) -> None:
        self.segments = [s for s in segments if s.entries]
        self.entries = [e for s in self.segments for e in s.entries]
        self.titles = [t for s in self.segments for t in s.titles]
        self.keywords = [k for s in self.segments for k in s.keywords]
        self._offsets = np.cumsum([0, *(len(s.entries) for s in self.segments)])
        self.size = len(self.entries)
        first = len(segments[0].entries) if segments else 0
        self.alive = np.array([n >= first or e.article not in renewed for n, e in enumerate(self.entries)], dtype=bool)
        self._public = np.array([e.public for e in self.entries], dtype=bool)
        self._from = np.array([e.valid_from.toordinal() if e.valid_from else 0 for e in self.entries], dtype=np.int32)
        self._to = np.array([e.valid_to.toordinal() if e.valid_to else 10**7 for e in self.entries], dtype=np.int32)
        names = sorted({e.division for e in self.entries})
        self._divisions = names
        place = {name: n for n, name in enumerate(names)}
        self._division = np.array([place[e.division] for e in self.entries], dtype=np.int32)
        self._lengths = np.array([max(len(t), 1) for t in self.titles], dtype=np.float32)
        self._titled: dict[str, list[int]] = {}
        self._asked = [a for s in self.segments for a in s.asked]
        for n, asked in enumerate(self._asked):
            self._titled.setdefault(asked, []).append(n)

    def _post(self, kind: str, a: str, b: str) -> NDArray[np.intp]:
        parts = [getattr(s, kind).find(a, b).astype(np.intp) + self._offsets[n] for n, s in enumerate(self.segments)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def shown_to(self, *, today: date, division: str, public: bool) -> NDArray[np.bool_]:
        """Which entries may be found by this asker, today."""
        day = today.toordinal()
        shown = self.alive & (self._from <= day) & (day <= self._to)
        if public:
            shown &= self._public
        if division and self._divisions != [""]:
            allowed = np.array([valid_in(d, division) for d in self._divisions], dtype=bool)
            shown &= allowed[self._division]
        return shown

    def find(self, text: str, *, today: date, division: str = "", limit: int = 8, public: bool = False) -> Found:
        """The best `limit` articles for a query."""
        words = words_of(text)
        if not words or not self.size or limit < 1:
            return Found((), 0, True, words)
        shown = self.shown_to(today=today, division=division, public=public)
        cover, score, letters = self._weigh(words)
        whole = "".join(words)
        cover *= shown
        full = cover >= 0.999
        count = int(full.sum())
        if not count:
            cover = np.maximum(cover, self._misspelt(words, score) * shown)
            best = float(cover.max())
            kept = cover >= max(ENOUGH * best, 0.2)
            total, complete = int(kept.sum()), False
            if not total:
                return Found((), 0, False, words)
            score = score * cover
        else:
            kept, total, complete = full, count, True
        candidates = np.flatnonzero(kept)
        if candidates.size > LOOKED_AT:
            preferred = score[candidates] * (1 + len(whole) / self._lengths[candidates])
            candidates = candidates[np.argpartition(-preferred, LOOKED_AT)[:LOOKED_AT]]
            named = [n for n in self._titled.get(whole, ()) if kept[n]]
            candidates = np.union1d(candidates, np.array(named, dtype=np.intp)) if named else candidates
        ranked = sorted(candidates.tolist(), key=lambda n: self._rank(n, words, whole, letters, complete, cover, score))
        return Found(tuple(self.entries[n].id for n in ranked[:limit]), total, complete, words)

    def _weigh(
        self, words: tuple[str, ...]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], dict[str, dict[int, int]]]:
        """Per article: the share of the query it holds (rare pairs count more), its score, and where initials were met."""
        cover = np.zeros(self.size, dtype=np.float32)
        score = np.zeros(self.size, dtype=np.float32)
        met: dict[str, dict[int, int]] = {}
        every = 0.0
        for word in words:
            mine = np.zeros(self.size, dtype=np.float32)
            weight = 0.0
            for a, b in pairs(word):
                lists = [self._post(kind, a, b) for kind in ("title_grams", "keyword_grams", "answer_grams")]
                held = np.zeros(self.size, dtype=bool)
                for places in lists:
                    held[places] = True
                rarity = log(1 + self.size / max(int(held.sum()), 0.5))
                mine[held] += rarity
                weight += rarity
                for places, worth in zip(lists, (TITLE, KEYWORD, ANSWER), strict=True):
                    score[places] += rarity * worth
            if word.isascii():
                mine[mine < weight * 0.999] = 0  # half a Latin word is no word
                met[word] = self._letters(word)
                if spelled := list(met[word]):
                    mine[spelled] = weight
                    score[spelled] += [weight * (TITLE - rank) for rank in met[word].values()]
            cover += mine
            every += weight
        return cover / every, score, met

    def _letters(self, word: str) -> dict[int, int]:
        found: dict[int, int] = {}
        for n, segment in enumerate(self.segments):
            offset = int(self._offsets[n])
            found |= {place + offset: rank for place, rank in segment.letters.find(word).items()}
        return found

    def _misspelt(self, words: tuple[str, ...], score: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cover of articles whose title or keywords hold a word with one character wrong; 0.9 of that word."""
        cover = np.zeros(self.size, dtype=np.float32)
        letters = sum(map(len, words))
        for word in words:
            if not 2 <= len(word) <= 12 or word.isascii():
                continue
            if len(word) == 2:  # only the one between the two can be missing: all else would be anything
                skipped = self._post("gap_grams", word[0], word[1])
                cover[skipped] += 0.9 * 2 / letters
                score[skipped] += 20 * KEYWORD
                continue
            hits = np.zeros(self.size, dtype=np.int16)
            near_pairs = [*pairs(word), *zip(word, word[2:], strict=False)]
            for a, b in near_pairs:
                for kind in ("title_grams", "keyword_grams", "gap_grams"):
                    hits[self._post(kind, a, b)] += 1
            best = np.argsort(-hits, kind="stable")[: 2 * LOOKED_AT]
            for n in best[hits[best] > 0].tolist():
                in_title = near(word, self.titles[n])
                if in_title or near(word, self.keywords[n]):
                    cover[n] += 0.9 * len(word) / letters
                    score[n] += 20 * (TITLE if in_title else KEYWORD)
        return cover

    def _rank(self, n: int, words: tuple[str, ...], whole: str, letters: dict[str, dict[int, int]], complete: bool,
              cover: NDArray[np.float32], score: NDArray[np.float32]) -> tuple[float, ...]:  # fmt: skip
        title, keywords, asked = self.titles[n], self.keywords[n], self._asked[n]
        ranks = [_class(word, title, keywords, letters.get(word, {}).get(n)) for word in words]
        if asked == whole:
            place = -1.0
        elif whole in asked:
            place = 0.0 if asked.startswith(whole) else 1.0
        else:
            place = 2.0 + sum(ranks) / len(ranks)
        if not complete:
            place = 0.0 if place < 0 else 1.0
        return place, -round(float(score[n]), 3), len(title), self.entries[n].id


def _class(word: str, title: str, keywords: str, letters: int | None) -> float:
    """Where one word stands: 0 title is it, then keyword is it, title begins with it, inside, keyword, initials, answer."""
    places = []
    if title == word:
        places.append(0)
    elif title.startswith(word):
        places.append(2)
    elif word in title:
        places.append(3)
    if word in keywords:
        padded = f" {keywords} "
        places.append(1 if f" {word} " in padded else 4 if f" {word}" in padded else 5)
    if letters is not None:
        places.append(1 + 2 * letters)
    return min(places, default=8)
