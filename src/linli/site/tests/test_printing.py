"""Paper: the bundled fonts, what they hold, and what is said about what they lack."""

from __future__ import annotations

import csv
import io
import logging
import shutil
from typing import Any

import pytest
from django.conf import settings

from linli.core.errors import Invalid
from linli.site import printing

fontless = pytest.mark.skipif(not printing.available(), reason="WeasyPrint or Debian's Pango is not here")


def text_of(content: bytes) -> str:
    pypdf = pytest.importorskip("pypdf")
    return "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(content)).pages)


@fontless
def test_the_fonts_hold_what_chinese_papers_need() -> None:
    held = printing.glyphs()
    gb2312 = {bytes([a, b]).decode("gb2312", "ignore") for a in range(0xB0, 0xF8) for b in range(0xA1, 0xFF)}
    assert {ord(c) for c in gb2312 if c} <= held
    rare = "镕堃喆昇𫖯𬭊"  # in 通用规范汉字表, not in GB 2312
    assert not [c for c in rare if ord(c) not in held]
    assert {ord(c) for c in "，。；：？！“”‘’（）《》【】、…—·①②℃％‰㎡²³±×÷≤≥−–"} <= held
    assert {ord(c) for c in map(chr, range(0x20, 0x7F))} <= held
    assert (printing.FONTS / "OFL.txt").read_text(encoding="utf-8").count("SIL OPEN FONT LICENSE") == 1
    assert sum(p.stat().st_size for p in printing.FACES.values()) < 6_000_000


@fontless
def test_every_name_of_the_pack_is_printed_with_the_bundled_font_alone(caplog: Any) -> None:
    with (settings.PACK / "communities_2016.csv").open(encoding="utf-8") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    content = printing.pdf(
        "".join(f"<p>{n}</p>" for n in names), f'body {{ font-family: "{printing.FAMILY}" }}', strict=True
    )
    text = text_of(content).replace("\n", "")
    assert not [n for n in names if n not in text] and len(names) == 261
    pypdf = pytest.importorskip("pypdf")
    faces = {
        str(f.get_object()["/BaseFont"])
        for page in pypdf.PdfReader(io.BytesIO(content)).pages
        for f in page["/Resources"]["/Font"].values()
    }
    assert faces and all("Linli" in face for face in faces), faces


@fontless
def test_sheets_that_ask_for_the_old_name_get_the_bundled_font() -> None:
    content = printing.pdf('<p style="font-family: Noto Sans CJK SC">牛街东里</p>', "")
    pypdf = pytest.importorskip("pypdf")
    page = pypdf.PdfReader(io.BytesIO(content)).pages[0]
    assert all("Noto-Sans-CJK-SC" in str(f.get_object()["/BaseFont"]) for f in page["/Resources"]["/Font"].values())
    assert "牛街东里" in page.extract_text()


@fontless
def test_a_character_without_a_glyph_is_named_and_refused_where_asked(caplog: pytest.LogCaptureFixture) -> None:
    page = "<head><title>龘</title></head><style>龘</style><p>社区&#x9F98;里</p>"
    assert printing.unprintable(page) == ["龘"]
    with pytest.raises(Invalid) as refused:
        printing.pdf(page, "", strict=True)
    assert refused.value.code == "no_glyph" and "龘（U+9F98）" in str(refused.value.message)
    with caplog.at_level(logging.WARNING, logger="linli.printing"):
        assert printing.pdf(page, "").startswith(b"%PDF")
    assert "characters without a glyph" in caplog.text


@fontless
def test_spaces_and_marks_that_show_nothing_are_no_holes() -> None:
    assert printing.unprintable("<p>甲\u3000乙\u200b丙\n\t\ufe0f&nbsp;</p>") == []


@fontless
def test_a_page_reaches_no_file_beside_the_fonts(tmp_path: Any) -> None:
    other = tmp_path / "LinliSans-Regular.otf"
    shutil.copy(printing.FACES[400], other)
    fetcher = printing._fetcher()
    for url in (other.as_uri(), "file:///etc/passwd", "http://127.0.0.1:9/x", "data:text/plain,x"):
        with pytest.raises(ValueError, match="not fetched"):
            fetcher.fetch(url)
    assert fetcher.fetch(printing.FACES[400].as_uri()).read(4) == b"OTTO"


@fontless
def test_how_many_pages_there_are_is_told_before_they_are_drawn() -> None:
    told: list[int] = []
    printing.pdf('<p>一</p><p style="break-before: page">二</p>', "", told=told.append)
    assert told == [2]
