"""The two fonts of printed pages: Noto Sans CJK SC, cut down to what Chinese papers of a district need. For developers.

    apt-get install fonts-noto-cjk; apt-get download unicode-data && dpkg -x unicode-data_*.deb u
    python packs/build_fonts.py --fonts /usr/share/fonts/opentype/noto --unihan u/usr/share/unicode/Unihan_OtherMappings.txt.bz2

Kept: the 8,105 characters of 通用规范汉字表 (2013; field kTGH of Unihan), GB 2312, every character that the packs and the
rooms' own data use, Latin with its marks, punctuation, arrows, mathematics, circled and full-width forms. The family is
renamed, as a changed font should be; the licence (SIL OFL 1.1) lies beside it.
"""

from __future__ import annotations

import argparse
import bz2
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTCollection

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "src" / "linli" / "site" / "fonts"
FAMILY = "Linli Sans"
TABLE = 8105
RANGES = (
    (0x20, 0x17F), (0x2BB, 0x2DD), (0x391, 0x3C9), (0x2000, 0x206F), (0x20A0, 0x20BF), (0x2100, 0x218B), (0x2190, 0x22FF),
    (0x2460, 0x24FF), (0x2500, 0x257F), (0x25A0, 0x260F), (0x3000, 0x303F), (0x3200, 0x33FF), (0xFE30, 0xFE4F),
    (0xFF00, 0xFFEF),
)  # fmt: skip


def table(unihan: Path) -> set[int]:
    """通用规范汉字表."""
    with bz2.open(unihan, "rt", encoding="utf-8") as file:
        found = {int(line.split("\t")[0][2:], 16) for line in file if "\tkTGH\t" in line}
    if len(found) != TABLE:
        raise SystemExit(f"{len(found)} characters with kTGH, {TABLE} are expected")
    return found


def gb2312() -> set[int]:
    found = set()
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes([high, low]).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return found


def used() -> set[int]:
    """What the packs, the rooms' data and texts hold."""
    files = [
        p for kind in ("*.csv", "*.json", "*.geojson", "*.py", "*.html", "*.po") for p in ROOT.glob(f"packs/**/{kind}")
    ]
    files += [p for kind in ("*.csv", "*.json", "*.py", "*.html", "*.po") for p in ROOT.glob(f"src/**/{kind}")]
    return {ord(c) for p in files for c in p.read_text(encoding="utf-8") if ord(c) > 0x7F}


def build(source: Path, weight: str, wanted: set[int]) -> Path:
    """One weight, without hints and with kerning alone."""
    fonts = TTCollection(source / f"NotoSansCJK-{weight}.ttc", lazy=True).fonts
    font = next(f for f in fonts if f["name"].getDebugName(1).startswith("Noto Sans CJK SC"))
    options = subset.Options()
    options.layout_features = ["kern"]
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 4, 5, 6, 13, 14]
    options.name_languages = [0x409]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=wanted)
    cutter.subset(font)
    _rename(font, weight)
    target = TARGET / f"LinliSans-{weight}.otf"
    font.save(target)
    print(f"{target.name}: {target.stat().st_size:,} bytes, {len(font.getBestCmap()):,} characters")
    return target


def _rename(font: Any, weight: str) -> None:
    plain = FAMILY.replace(" ", "")
    words = {1: FAMILY, 2: weight, 4: f"{FAMILY} {weight}", 6: f"{plain}-{weight}", 16: FAMILY, 17: weight}
    for record in list(font["name"].names):
        if record.nameID in words:
            font["name"].setName(
                words[record.nameID], record.nameID, record.platformID, record.platEncID, record.langID
            )
    top = font["CFF "].cff
    top.fontNames = [f"{plain}-{weight}"]
    top.topDictIndex[0].FullName = f"{FAMILY} {weight}"
    top.topDictIndex[0].FamilyName = FAMILY


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--unihan", type=Path, required=True)
    asked = parser.parse_args()
    wanted = table(asked.unihan) | gb2312() | used() | {c for a, b in RANGES for c in range(a, b + 1)}
    TARGET.mkdir(exist_ok=True)
    for weight in ("Regular", "Bold"):
        build(asked.fonts, weight, wanted)


if __name__ == "__main__":
    main()
