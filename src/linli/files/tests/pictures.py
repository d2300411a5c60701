"""Pictures for tests, made on the spot: honest ones and hostile ones."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image


def picture(width: int = 640, height: int = 480, mode: str = "RGB") -> Image.Image:
    """Left half red, right half blue (or dark and light)."""
    image = Image.new(mode, (width, height))
    if mode == "RGB":
        image.paste((200, 30, 30), (0, 0, width // 2, height))
        image.paste((30, 30, 200), (width // 2, 0, width, height))
    return image


def saved(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg(width: int = 640, height: int = 480, **options: Any) -> bytes:
    return saved(picture(width, height), **options)


def with_position(orientation: int = 1) -> bytes:
    """A JPEG with GPS position, camera, owner, comment, and an orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretCamera"
    exif[0x9C9D] = "OwnerName".encode("utf-16le")
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (39.0, 54.0, 20.0), "E", (116.0, 21.0, 30.0)
    return jpeg(exif=exif, comment=b"SecretComment", dpi=(301, 301), icc_profile=b"SecretProfile" * 20)


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes whose header claims that many pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    body = zlib.compress(b"\0" * 1_000_000, 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def jpeg_claiming(width: int, height: int, progressive: bool = False) -> bytes:
    """An honest JPEG whose frame header was changed to claim that many pixels."""
    data = bytearray(jpeg(64, 64, progressive=progressive))
    at = data.index(b"\xff\xc2" if progressive else b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\0" * 200
EXECUTABLE = b"MZ\x90\x00" + b"\0" * 2000
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
