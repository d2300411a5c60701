"""Which pairs of characters stand together in which texts: sorted arrays in numpy, built in one pass. No database.

Chinese is written without spaces, so a pair of characters is what a word is elsewhere: 居住证 is 居住 and 住证.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer]
_TABLE = 0x32400  # beyond lie no letters
_BREAK = 10  # parts the texts


def fold(text: str) -> str:
    """How texts and queries are compared: NFKC, no case; whatever is no letter or digit is a space."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_KEPT)


class _Kept(dict[int, str]):
    """Letters and digits as they are, all else a space; worked out once for each character."""

    def __missing__(self, point: int) -> str:
        self[point] = chr(point) if point < _TABLE and chr(point).isalnum() else " "
        return self[point]


_KEPT = _Kept()


_FIRST = np.full(_TABLE, -1, dtype=np.int32)  # for each code point met so far the first one it folds to, 0: no letter


def _folded(points: Ints) -> Ints:
    """What `fold` does, for long texts: one for one. Each code point is worked out when it is first met."""
    met = np.zeros(_TABLE, dtype=bool)
    met[points] = True
    for point in np.flatnonzero(met & (_FIRST < 0)).tolist():
        first = fold(chr(point))[:1] or " "
        _FIRST[point] = 0 if first == " " else ord(first)
    return _FIRST[points]


def _points(texts: Sequence[str]) -> tuple[Ints, Ints]:
    """(code points with 0 for whatever is no letter, number of the text) of all texts together."""
    joined = "\n".join(text.replace("\n", " ") for text in texts)
    points = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype=np.uint32)
    place = np.cumsum(points == _BREAK, dtype=np.int32)
    return _folded(np.where(points < _TABLE, points, 0).astype(np.int32)), place


class Grams:
    """For each pair of characters the texts that hold it, ascending. `apart` 2 skips one character between the two."""

    def __init__(self, texts: Sequence[str], *, apart: int = 1, singles: bool = False) -> None:
        points, place = _points(texts)
        used = np.zeros(_TABLE, dtype=bool)
        used[points] = True
        used[0] = False
        self._ids = np.zeros(_TABLE, dtype=np.int32)  # 0: a character that stands nowhere
        self._ids[used] = np.arange(1, int(used.sum()) + 1)
        self._width = int(used.sum()) + 1
        codes = self._ids[points]
        left, right, owner = codes[:-apart], codes[apart:], place[:-apart]
        keep = (left > 0) & (right > 0) & (owner == place[apart:])
        if apart == 2:
            keep &= codes[1:-1] > 0
        at = np.flatnonzero(keep)
        pairs = (left[at].astype(np.int64) * self._width + right[at]) * len(texts) + owner[at]
        if singles:
            alone = codes > 0
            one = codes[alone].astype(np.int64) * self._width * len(texts) + place[alone]
            pairs = np.concatenate([pairs, one])
        pairs.sort()  # np.unique goes by a hash table first, which takes ten times as long
        pairs = pairs[np.flatnonzero(np.diff(pairs, prepend=-1))]
        keys = pairs // max(len(texts), 1)
        self._texts: Ints = (pairs - keys * len(texts)).astype(np.uint16 if len(texts) <= 65_536 else np.uint32)
        edges = np.flatnonzero(np.diff(keys, prepend=-1)) if keys.size else np.zeros(0, dtype=np.int64)
        self._keys = keys[edges]
        self._edges = np.append(edges, keys.size)

    def find(self, first: str, second: str = "") -> Ints:
        """The texts that hold the pair (or, with `singles`, the character), ascending; a view, not to be written to."""
        a, b = ord(first), ord(second or "\0")
        if a >= _TABLE or b >= _TABLE:
            return self._texts[:0]
        key = int(self._ids[a]) * self._width + int(self._ids[b])
        if not self._ids[a] or (second and not self._ids[b]):
            return self._texts[:0]
        at = int(np.searchsorted(self._keys, key))
        if at == self._keys.size or self._keys[at] != key:
            return self._texts[:0]
        return self._texts[self._edges[at] : self._edges[at + 1]]

    @property
    def bytes_held(self) -> int:
        """How much memory the arrays take."""
        return self._ids.nbytes + self._texts.nbytes + self._keys.nbytes + self._edges.nbytes


class Lines:
    """Short lines in one string with the text of each: where a run of letters stands is found by scanning it."""

    def __init__(self, lines: Sequence[tuple[int, str]]) -> None:
        self._joined = "\n" + "".join(f"{line}\n" for _owner, line in lines)
        starts = np.cumsum([1, *(len(line) + 1 for _owner, line in lines)])
        self._starts = starts[:-1]
        self._owners = np.array([owner for owner, _line in lines], dtype=np.int64)

    def find(self, letters: str, most: int = 4_000) -> dict[int, int]:
        """text → 0 the run is a whole word, 1 a word begins with it, 2 it stands inside; one letter: only beginnings."""
        if not letters or not self._owners.size:
            return {}
        pattern = re.compile(re.escape(letters) if len(letters) > 1 else rf"(?<=[\n ]){re.escape(letters)}")
        found: dict[int, int] = {}
        places: list[int] = []
        ranks: list[int] = []
        for match in pattern.finditer(self._joined):
            begin, end = match.span()
            whole = self._joined[begin - 1] in "\n "
            ranks.append((0 if self._joined[end] in "\n " else 1) if whole else 2)
            places.append(begin)
            if len(places) >= most:
                break
        owners: Sequence[int] | Ints = (
            self._owners[np.searchsorted(self._starts, places, side="right") - 1] if places else []
        )
        for owner, rank in zip(owners, ranks, strict=True):
            found[int(owner)] = min(rank, found.get(int(owner), 3))
        return found

    @property
    def bytes_held(self) -> int:
        return len(self._joined) + self._starts.nbytes + self._owners.nbytes


def pairs(word: str) -> list[tuple[str, str]]:
    """The pairs of a word; of a single character the character alone."""
    return list(pairwise(word)) or [(word, "")]


def near(word: str, text: str) -> bool:
    """Whether `text` holds `word` with at most one character wrong, missing or too many (Wu and Manber's bits)."""
    last = 1 << (len(word) - 1)
    masks: dict[str, int] = {}
    for place, character in enumerate(word):
        masks[character] = masks.get(character, 0) | 1 << place
    exact, one = 0, 1  # one missing at the very beginning counts
    for character in text:
        mask = masks.get(character, 0)
        before = exact
        exact = ((exact << 1) | 1) & mask
        one = (((one << 1) | 1) & mask) | before | (before << 1) | (exact << 1) | 1
        if (exact | one) & last:
            return True
    return False
