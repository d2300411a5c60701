"""The words of the screens: gathered from Python and templates, kept in one .po, checked, compiled. No gettext tools.

Chinese is the source (a msgid is what a Chinese reader sees); `locale/en` is the only translation and must be complete.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polib
from django.utils.translation.template import templatize

from . import punctuation

SOURCE = Path(__file__).resolve().parents[1]  # src/linli
PO = SOURCE / "locale" / "en" / "LC_MESSAGES" / "django.po"

# name of the function -> positions of (context, msgid, plural) among its arguments
CALLS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "_t": (None, 0, None),  # where _ is already the lazy one
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}|%%")
_TEMPLATE_CALL = re.compile(r"\b(_|n?p?gettext)\(")
_LITERAL = re.compile(r"""\s*u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*,?""", re.DOTALL)

Key = tuple[str, str]  # (context or "", msgid)


@dataclass(slots=True)
class Message:
    """One msgid and the files that say it."""

    msgid: str
    context: str = ""
    plural: str = ""
    places: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Found:
    """What a scan of the sources found; `problems` are sentences that cannot be translated as they are written."""

    messages: dict[Key, Message] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, place: str, msgid: str, context: str = "", plural: str = "") -> None:
        message = self.messages.setdefault((context, msgid), Message(msgid, context))
        message.plural = message.plural or plural
        message.places.add(place)


@dataclass(frozen=True, slots=True)
class Change:
    """What `collect` did to the .po."""

    total: int
    added: int
    dropped: tuple[str, ...]
    untranslated: int


def _files(root: Path, suffix: str) -> Iterator[Path]:
    for path in sorted(root.rglob(f"*{suffix}")):
        if "tests" not in path.parts and "migrations" not in path.parts and "vendor" not in path.parts:
            yield path


def _python(path: Path, place: str, found: Found) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name not in CALLS:
            continue
        context_at, msgid_at, plural_at = CALLS[name]
        texts = [a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else None for a in node.args]
        if any(isinstance(a, ast.JoinedStr) for a in node.args):
            found.problems.append(f"{place}:{node.lineno}: an f-string cannot be translated; use %(name)s")
        if msgid_at >= len(texts) or not texts[msgid_at]:
            continue
        pick = [texts[i] if i is not None and i < len(texts) else None for i in (context_at, plural_at)]
        found.add(place, str(texts[msgid_at]), pick[0] or "", pick[1] or "")


def _template(path: Path, place: str, found: Found) -> None:
    source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for call in _TEMPLATE_CALL.finditer(source):
        texts, at = [], call.end()
        while literal := _LITERAL.match(source, at):
            texts.append(ast.literal_eval(literal[1]))
            at = literal.end()
        context_at, msgid_at, plural_at = CALLS[call[1]]
        if msgid_at < len(texts) and texts[msgid_at]:
            context = texts[context_at] if context_at is not None else ""
            plural = texts[plural_at] if plural_at is not None and plural_at < len(texts) else ""
            found.add(place, texts[msgid_at], context, plural)


def scan(root: Path = SOURCE) -> Found:
    """Every sentence that the sources mark for translation."""
    found = Found()
    for path in _files(root, ".py"):
        _python(path, path.relative_to(root).as_posix(), found)
    for path in _files(root, ".html"):
        _template(path, path.relative_to(root).as_posix(), found)
    return found


def _open(po: Path) -> polib.POFile:
    if po.exists():
        return polib.pofile(str(po), wrapwidth=0)
    book = polib.POFile(wrapwidth=0)
    book.metadata = {
        "Project-Id-Version": "linli",
        "Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    return book


def collect(root: Path = SOURCE, po: Path = PO) -> Change:
    """Bring the .po to what the sources say: new sentences are added empty, sentences nobody says are dropped."""
    found, book = scan(root).messages, _open(po)
    known: dict[Key, polib.POEntry] = {(e.msgctxt or "", e.msgid): e for e in book}
    fresh = polib.POFile(wrapwidth=0)
    fresh.metadata = book.metadata
    for key, message in sorted(found.items(), key=lambda item: (min(item[1].places), item[0])):
        entry = known.get(key) or polib.POEntry(msgid=message.msgid, msgctxt=message.context or None)
        if message.plural:
            entry.msgid_plural = message.plural
            entry.msgstr, entry.msgstr_plural = "", entry.msgstr_plural or {0: entry.msgstr, 1: entry.msgstr}
        elif entry.msgid_plural:
            entry.msgid_plural, entry.msgstr = "", entry.msgstr_plural.get(1, "")
            entry.msgstr_plural = {}
        entry.occurrences = [(place, "") for place in sorted(message.places)]  # no line numbers: fewer conflicts
        entry.flags = ["python-format"] if "%" in message.msgid else []
        entry.obsolete = False
        fresh.append(entry)
    po.parent.mkdir(parents=True, exist_ok=True)
    fresh.save(str(po))
    dropped = tuple(sorted(k[1] for k in known if k not in found))
    return Change(len(found), len([k for k in found if k not in known]), dropped, len(_untranslated(fresh)))


def _untranslated(book: polib.POFile) -> list[polib.POEntry]:
    return [e for e in book if not (all(e.msgstr_plural.values()) if e.msgid_plural else e.msgstr) or e.fuzzy]


def _placeholders(text: str) -> set[str]:
    return {a or b for a, b in _PLACEHOLDER.findall(text) if a or b}


def check(root: Path = SOURCE, po: Path = PO) -> list[str]:
    """Everything that is wrong, one line each: missing, stale or broken translations, and Chinese written carelessly."""
    found, book = scan(root), _open(po)
    known: dict[Key, polib.POEntry] = {(e.msgctxt or "", e.msgid): e for e in book}
    problems = list(found.problems)
    for key, message in found.messages.items():
        place = min(message.places)
        problems += [f"{place}: half-width “{hit}” in “{message.msgid}”" for hit in punctuation.hits(message.msgid)]
        if key not in known:
            problems.append(f"{place}: not collected: “{message.msgid}”")
    problems += [f"stale, nobody says it: “{k[1]}”" for k in known if k not in found.messages]
    problems += [f"no English: “{e.msgid}”" for e in _untranslated(book)]
    for (_context, msgid), entry in known.items():
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text and _placeholders(text) != _placeholders(msgid):
                problems.append(f"placeholders differ: “{msgid}” / “{text}”")
            if text and punctuation.CHINESE.search(text):
                problems.append(f"Chinese in the English of “{msgid}”")
    for path in _files(root, ".html"):
        problems += punctuation.template_problems(path, path.relative_to(root).as_posix())
    for suffix in (".js", ".mjs"):
        for path in _files(root, suffix):
            problems += punctuation.script_problems(path, path.relative_to(root).as_posix())
    return problems


def compile_(po: Path = PO) -> Path:
    """Write the .mo beside the .po, whole or not at all; it is not kept in version control."""
    mo = po.with_suffix(".mo")
    new = mo.with_suffix(".mo.new")
    _open(po).save_as_mofile(str(new))
    new.replace(mo)
    return mo
