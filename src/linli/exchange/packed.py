"""What a workbook may be before it is opened: size unpacked, kind of file, no entities, which sheets hold formulas."""

from __future__ import annotations

import re
import zipfile
from typing import IO

from django.utils.translation import gettext as _

from linli.core.errors import Invalid

UNPACKED_MOST = 160 * 1024 * 1024  # bytes, all parts of a workbook together
PART_MOST = 120 * 1024 * 1024
RATIO_MOST = 200  # of a part above 1 MB: sheets shrink to a tenth or a thirtieth, bombs to a thousandth
PARTS_MOST = 2_000


def refuse(code: str, sentence: str) -> Invalid:
    """The refusal of a whole file."""
    return Invalid(code, sentence, fields={"file": [sentence]})


def check_workbook(archive: zipfile.ZipFile) -> None:
    """Raise Invalid unless this is a workbook of bearable size without entities; nothing is unpacked to know the size."""
    parts = archive.infolist()
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= {p.filename for p in parts}:
        raise refuse("not_a_workbook", _("这不是 XLSX 表格。请在表格软件里另存为 .xlsx 或 .csv。"))
    if any(p.flag_bits & 1 for p in parts):
        raise refuse("locked_file", _("文件有密码，请去掉密码后再上传。"))
    bomb = any(p.file_size > 1_000_000 and p.file_size > RATIO_MOST * max(p.compress_size, 1) for p in parts)
    total = sum(p.file_size for p in parts)
    if bomb or len(parts) > PARTS_MOST or total > UNPACKED_MOST or any(p.file_size > PART_MOST for p in parts):
        raise refuse("file_unpacks_too_large", _("文件展开后太大，不能读取。请分成几个文件。"))
    for part in parts:
        # whatever it is called, but for pictures: a part is what the workbook says it is, not what its name ends with
        if not part.filename.startswith("xl/media/") and _says(archive.open(part), _DECLARED):
            raise refuse("not_a_workbook", _("文件里有不该出现的内容，不能读取。请在表格软件里另存一份。"))


_DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")


def holds_formulas(archive: zipfile.ZipFile) -> bool:
    """Whether any sheet has a formula."""
    return any(_says(archive.open(name), _FORMULA) for name in archive.namelist() if _SHEET.fullmatch(name))


def _says(stream: IO[bytes], wanted: re.Pattern[bytes]) -> bool:
    """Whether `wanted` (up to 16 bytes) stands anywhere in a part, wherever the reading is cut; NULs are UTF-16's."""
    tail = b""
    with stream:
        while block := stream.read(1 << 20):
            text = tail + block.replace(b"\0", b"")
            if wanted.search(text):
                return True
            tail = text[-16:]
    return False


def links_outside(archive: zipfile.ZipFile) -> bool:
    """Whether the workbook refers to other files; they are never fetched."""
    return any(name.startswith("xl/externalLinks/") for name in archive.namelist())
