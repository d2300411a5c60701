"""A hostile file in, a clean JPEG out. Pure: bytes to bytes, no disk and no database.

What is kept is only the picture: it is decoded and drawn anew, so that positions, comments, colour profiles, scripts
hidden in the file and everything behind its end are gone.
"""

from __future__ import annotations

import io
import logging
import threading
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageFile, ImageOps

from linli.core.errors import Invalid

MAX_BYTES = 10 * 1024 * 1024
FULL_PX, SMALL_PX = 2048, 320
# Pixels that may be decoded. A baseline JPEG is decoded reduced, line by line; the others stand in memory whole.
MAX_PIXELS = {"jpeg": 120_000_000, "progressive": 50_000_000, "png": 36_000_000, "webp": 36_000_000}
MAX_SCANS = 64  # a progressive JPEG has about ten; thousands of them are a way to burn a processor
_PILLOW = {"jpeg": ("JPEG", "MPO"), "png": ("PNG",), "webp": ("WEBP",)}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"}
_decoding = threading.BoundedSemaphore(2)  # two pictures at once in one process: memory stays bounded
_log = logging.getLogger("linli.files")


@dataclass(frozen=True, slots=True)
class Clean:
    """A picture and its small one, both JPEG; `width` and `height` are those of `full`, in pixels."""

    full: bytes
    small: bytes
    width: int
    height: int


def refusal(code: str, sentence: Any) -> Invalid:
    """A refusal that a form shows at its photo field."""
    return Invalid(code, sentence, fields={"photo": [sentence]})


def kind_of(data: bytes) -> str:
    """jpeg, png or webp by content, whatever the name says. Raises Invalid with what to do for anything else."""
    if not data:
        raise refusal("empty_file", _("这个文件是空的，请重新选择照片。"))
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        raise refusal(
            "heic_not_accepted",
            _(
                "这是苹果手机的 HEIC 格式照片，暂时不能上传。请在“设置 → 相机 → 格式”里选择“兼容性最佳”后重新拍摄，"
                "或把照片截图后上传。"
            ),
        )
    if data.startswith((b"GIF87a", b"GIF89a")):
        raise refusal("gif_not_accepted", _("不能上传 GIF 图片，请改用 JPG 或 PNG 格式的照片。"))
    raise refusal("not_a_photo", _("这个文件不是照片。请上传 JPG、PNG 或 WebP 格式的照片。"))


def _too_many() -> Invalid:
    return refusal("too_many_pixels", _("照片的像素太高，请缩小后再上传。"))


def clean(data: bytes) -> Clean:
    """Decode, turn upright, shrink and draw anew. Raises Invalid: too_large, empty_file, heic_not_accepted,
    gif_not_accepted, not_a_photo, animated_not_accepted, too_many_pixels, broken_image."""
    if len(data) > MAX_BYTES:
        raise refusal("too_large", _("照片太大，请选择不超过 10 MB 的照片。"))
    kind = kind_of(data)
    with _decoding:
        try:
            picture = _decode(data, kind)
            full = _plain(picture)
            full.thumbnail((FULL_PX, FULL_PX), Image.Resampling.LANCZOS)
            small = full.copy()
            small.thumbnail((SMALL_PX, SMALL_PX), Image.Resampling.LANCZOS)
            return Clean(_jpeg(full, 85), _jpeg(small, 80), full.width, full.height)
        except Invalid:
            raise
        except Image.DecompressionBombError as error:  # Pillow's own guard, at the first look
            raise _too_many() from error
        except Exception as error:  # the decoders raise a dozen kinds over hostile bytes; each means: broken
            _log.info("a %s could not be decoded: %s", kind, type(error).__name__)
            raise refusal("broken_image", _("这张照片已损坏或不完整，请重新拍摄或另选一张。")) from error


def _decode(data: bytes, kind: str) -> Image.Image:
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # of the whole process, and libraries turn it on (WeasyPrint does)
    picture = Image.open(io.BytesIO(data), formats=_PILLOW[kind][:1])
    if picture.format not in _PILLOW[kind]:
        raise ValueError("content changed its mind")
    if kind != "jpeg" and getattr(picture, "is_animated", False):
        raise refusal("animated_not_accepted", _("不能上传动图，请上传静态照片。"))
    progressive = kind == "jpeg" and bool(picture.info.get("progressive"))
    if picture.width * picture.height > MAX_PIXELS["progressive" if progressive else kind]:
        raise _too_many()
    if kind == "jpeg":
        if data.count(b"\xff\xda") > MAX_SCANS:
            raise ValueError("too many scans")
        picture.draft("RGB", (FULL_PX, FULL_PX))
    picture.load()
    return ImageOps.exif_transpose(picture)


def _plain(picture: Image.Image) -> Image.Image:
    """Eight-bit RGB without any of the file's own words. Transparent parts become white."""
    if picture.mode.startswith(("I", "F")):
        picture = picture.convert("I").point(lambda v: v / 256).convert("L")
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        over = picture.convert("RGBA")
        picture = Image.new("RGB", over.size, "white")
        picture.paste(over, mask=over.getchannel("A"))
    picture = picture.convert("RGB") if picture.mode != "RGB" else picture.copy()
    picture.info = {}  # Pillow would write the comment, the profile and the density back
    return picture


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
