"""How Chinese is written on screens: full-width punctuation, and no sentence outside the reach of translation."""

from __future__ import annotations

import re
from pathlib import Path

CHINESE = re.compile(r"[\u3400-\u9fff]")
_HAN = r"[\u3400-\u9fff“”‘’《》（）、。，；：？！]"
_AFTER = r"[\u3400-\u9fff”’》）]"  # not after 、 or ，: there a mark is itself the thing spoken of, as the key ? may be
_HALF = re.compile(
    rf"(?<={_AFTER})[,;:?!](?=\s*(?:{_HAN}|$))"  # between two, or closing a sentence
    rf"|(?<={_HAN})\((?=\s*{_HAN})|(?<={_HAN})\)(?=\s*(?:{_HAN}|$))"
)
_TRANSLATED = re.compile(
    r"\{#.*?#\}|\{%\s*comment.*?endcomment\s*%\}|\{%\s*blocktrans(?:late)?\b.*?\{%\s*endblocktrans(?:late)?\s*%\}"
    r"|<!--.*?-->|\{%.*?%\}|\{\{.*?\}\}",
    re.DOTALL,
)
_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`\\])//[^\n]*", re.DOTALL)


def hits(text: str) -> list[str]:
    """The half-width marks that stand between Chinese characters in `text`."""
    return _HALF.findall(text)


def template_problems(path: Path, place: str) -> list[str]:
    """Chinese that a template writes outside translate and blocktranslate."""
    bare = _TRANSLATED.sub(lambda m: "\n" * m[0].count("\n"), path.read_text(encoding="utf-8"))
    return [
        f"{place}:{n}: Chinese outside {{% translate %}}: {line.strip()[:60]}"
        for n, line in enumerate(bare.splitlines(), 1)
        if CHINESE.search(line)
    ]


def script_problems(path: Path, place: str) -> list[str]:
    """Chinese in a script: words come from the page."""
    bare = _COMMENT.sub(lambda m: "\n" * m[0].count("\n"), path.read_text(encoding="utf-8"))
    return [f"{place}:{n}: Chinese in a script" for n, line in enumerate(bare.splitlines(), 1) if CHINESE.search(line)]
