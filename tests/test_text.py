"""What no text of the repository may hold: half-width punctuation inside Chinese, machine addresses, folders of one machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from .test_architecture import ROOT, tracked

TEXT = {
    ".py",
    ".html",
    ".txt",
    ".md",
    ".po",
    ".js",
    ".mjs",
    ".css",
    ".toml",
    ".ini",
    ".sh",
    ".json",
    ".csv",
    ".svg",
    "",
}
HAN = "[\u3400-\u4dbf\u4e00-\u9fff\u3007]"
# A full stop and a colon between digits and Chinese are ratios and times; between two Chinese characters they are slips.
HALF_WIDTH = re.compile(rf"{HAN}[,;:?!]\s?{HAN}|{HAN}\([^()]*{HAN}[^()]*\)|{HAN}\.\s?{HAN}")
# Spelled apart, so that this file does not name them either.
HOSTS = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "deb.deb" + "ian.org",
         "crates" + ".io", "proxy.golang" + ".org", "rubygems" + ".org"]  # fmt: skip
OWN_FOLDERS = re.compile(r"(?<![\w.$~-])/(?:work|home/\w+|Users/\w+|root)/")


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        vendored = "vendor" in path.parts
        if (
            path.suffix in TEXT
            and not vendored
            and path.name != Path(__file__).name
            and path.stat().st_size < 3_000_000
        ):
            try:
                found.append((path, path.read_text(encoding="utf-8")))
            except UnicodeDecodeError:
                continue  # a fixture in another encoding
    return found


def lines_with(pattern: re.Pattern[str], suffixes: set[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path, text in texts()
        if path.suffix in suffixes
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def said(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """(line, words) that a person may read on a screen or in a Chinese document; not comments, tests, English prose."""
    if path.suffix == ".py":
        tree = ast.parse(text)
        prose = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
                yield node.lineno, node.value
    else:  # what stands between backticks is typed, not read
        yield from ((number, re.sub(r"`[^`]*`", "``", line)) for number, line in enumerate(text.splitlines(), 1))


def test_chinese_is_punctuated_in_full_width() -> None:
    chinese_documents = {ROOT / "README.zh-CN.md", *(ROOT / "docs" / "guide").rglob("*.md")}
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {words.strip()[:120]}"
        for path, text in texts()
        if (path.suffix in {".py", ".html", ".txt", ".po"} or path in chinese_documents) and "tests" not in path.parts
        for number, words in said(path, text)
        if HALF_WIDTH.search(words)
    ]
    assert not wrong, "\n".join(wrong[:30])


def test_no_address_of_a_package_registry() -> None:
    pattern = re.compile("|".join(map(re.escape, HOSTS)))
    wrong = lines_with(pattern, TEXT)
    assert not wrong, "\n".join(wrong[:30])


def test_no_folder_of_one_machine() -> None:
    wrong = lines_with(OWN_FOLDERS, TEXT - {".csv"})
    assert not wrong, "\n".join(wrong[:30])


def test_scripts_hold_no_chinese() -> None:
    """What a script says comes from the page, where it is translated; a comment may quote the page."""
    comment = re.compile(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", re.DOTALL)
    wrong = [
        str(path.relative_to(ROOT))
        for path, text in texts()
        if path.suffix in {".js", ".mjs"} and re.search(HAN, comment.sub("", text))
    ]
    assert not wrong, wrong


def test_pages_fit_the_strict_policy() -> None:
    """No inline style, script or handler: the browser would refuse them anyway, silently for most of us."""
    pattern = re.compile(
        r"<style[\s>]|\sstyle=|\son[a-z]+=[\"']|<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>"
    )
    wrong = [line for line in lines_with(pattern, {".html"}) if line.startswith("src/")]
    assert not wrong, "\n".join(wrong[:30])
