"""Hostile files: each ends as a clean JPEG or as a clear sentence, never as an error page."""

from __future__ import annotations

import io
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from linli.core.errors import Invalid
from linli.files import images

from . import pictures


def refused(data: bytes) -> str:
    with pytest.raises(Invalid) as refusal:
        images.clean(data)
    sentence = str(refusal.value.message)
    assert refusal.value.fields == {"photo": [refusal.value.message]}
    assert re.search(r"[\u4e00-\u9fff]", sentence) and sentence.endswith("。")
    return refusal.value.code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_kept_as_jpeg(kind: str) -> None:
    kept = images.clean(pictures.saved(pictures.picture(), kind))
    full, small = pictures.opened(kept.full), pictures.opened(kept.small)
    assert (full.format, full.size, small.format, small.size) == ("JPEG", (640, 480), "JPEG", (320, 240))
    assert (kept.width, kept.height) == (640, 480)
    red, blue = full.getpixel((100, 100)), full.getpixel((500, 100))
    assert red[0] > 150 > red[2] and blue[2] > 150 > blue[0]


def test_a_large_photo_is_made_smaller() -> None:
    kept = images.clean(pictures.jpeg(6000, 3000))
    assert (kept.width, kept.height) == (2048, 1024)
    thin = images.clean(pictures.jpeg(9000, 1))
    assert thin.width == 2048 and thin.height == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_position_is_removed_and_the_photo_stands_upright(orientation: int) -> None:
    dirty = pictures.with_position(orientation)
    assert b"SecretComment" in dirty and b"SecretCamera" in dirty and b"SecretProfile" in dirty
    kept = images.clean(dirty)
    assert (kept.width, kept.height) == ((640, 480) if orientation < 5 else (480, 640))
    for data in (kept.full, kept.small):
        image = pictures.opened(data)
        assert not image.getexif() and "exif" not in image.info and "icc_profile" not in image.info
        assert "comment" not in image.info and image.info.get("dpi") is None
        assert not re.search(rb"Secret|Exif|OwnerName|http://ns.adobe", data)


def test_what_is_hidden_behind_a_photo_does_not_survive() -> None:
    page = b"<html><script>alert(document.cookie)</script></html>"
    for dirty in (
        pictures.jpeg() + page,
        pictures.jpeg(comment=page),
        pictures.saved(pictures.picture(), "PNG") + b"PK\x03\x04" + page,
    ):
        kept = images.clean(dirty)
        assert b"script" not in kept.full and b"PK\x03\x04" not in kept.full and b"<html" not in kept.small


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (pictures.EXECUTABLE, "not_a_photo"),
        (pictures.SVG, "not_a_photo"),
        (b"<!doctype html><script>alert(1)</script>", "not_a_photo"),
        (b"%PDF-1.7\n", "not_a_photo"),
        (b"PK\x03\x04" + b"\0" * 100, "not_a_photo"),
        (b"BM" + b"\0" * 100, "not_a_photo"),
        (b"II*\0" + b"\0" * 100, "not_a_photo"),
        (b"\0" * 5000, "not_a_photo"),
        (pictures.HEIC, "heic_not_accepted"),
        (pictures.HEIC.replace(b"ftypheic", b"ftypavif"), "heic_not_accepted"),
        (b"GIF89a" + pictures.SVG, "gif_not_accepted"),
        (b"\xff\xd8\xff", "broken_image"),
        (b"\xff\xd8\xff\xe0" + pictures.SVG, "broken_image"),
        (b"\x89PNG\r\n\x1a\n", "broken_image"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "broken_image"),
        (b"\xff\xd8\xff" + b"\0" * (images.MAX_BYTES - 2), "too_large"),
    ],
)
def test_refused(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_heic_tells_what_to_do() -> None:
    with pytest.raises(Invalid) as refusal:
        images.clean(pictures.HEIC)
    assert "兼容性最佳" in str(refusal.value.message)


def test_a_gif_and_moving_pictures_are_refused() -> None:
    frames = [Image.new("RGB", (32, 32), c) for c in ("red", "blue")]
    assert refused(pictures.saved(frames[0], "GIF")) == "gif_not_accepted"
    moving = {"save_all": True, "append_images": frames[1:], "duration": 100}
    assert refused(pictures.saved(frames[0], "GIF", **moving)) == "gif_not_accepted"
    assert refused(pictures.saved(frames[0], "WEBP", **moving)) == "animated_not_accepted"
    assert refused(pictures.saved(frames[0], "PNG", **moving)) == "animated_not_accepted"


def test_a_phone_that_stores_several_pictures_in_one_jpeg_is_accepted() -> None:
    data = pictures.saved(pictures.picture(), "MPO", save_all=True, append_images=[pictures.picture(64, 64)])
    assert pictures.opened(data).format == "MPO"
    assert images.clean(data).width == 640


def test_bombs_are_refused_before_they_are_unpacked() -> None:
    assert refused(pictures.png_claiming(30_000, 30_000)) == "too_many_pixels"
    assert refused(pictures.png_claiming(2**31 - 1, 2**31 - 1)) in {"too_many_pixels", "broken_image"}
    assert refused(pictures.jpeg_claiming(65_000, 65_000)) == "too_many_pixels"
    assert refused(pictures.jpeg_claiming(10_000, 9_000, progressive=True)) == "too_many_pixels"
    assert (
        refused(pictures.png_claiming(5_000, 5_000)) == "broken_image"
    )  # within the limit, but the bytes are not there


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    data = pictures.jpeg(64, 64, progressive=True)
    at = data.rindex(b"\xff\xda")
    assert refused(data[:at] + data[at:-2] * 200 + b"\xff\xd9") == "broken_image"


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.95])
def test_a_photo_cut_in_the_middle_is_refused(share: float, progressive: bool) -> None:
    noise = Image.frombytes("RGB", (300, 300), random.Random(4).randbytes(300 * 300 * 3))
    data = pictures.saved(noise, progressive=progressive)
    assert refused(data[: int(len(data) * share)]) == "broken_image"


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "CMYK", "I;16"])
def test_every_kind_of_pixel_becomes_plain(mode: str) -> None:
    image = Image.new(mode, (40, 30))
    kind = "JPEG" if mode == "CMYK" else "PNG"
    kept = pictures.opened(images.clean(pictures.saved(image, kind)).full)
    assert (kept.mode, kept.size) == ("RGB", (40, 30))


def test_transparent_is_white_and_sixteen_bits_keep_their_light() -> None:
    clear = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
    assert min(pictures.opened(images.clean(pictures.saved(clear, "PNG")).full).getpixel((5, 5))) > 250
    deep = Image.new("I;16", (40, 30), 128 * 256)
    assert abs(pictures.opened(images.clean(pictures.saved(deep, "PNG")).full).getpixel((5, 5))[0] - 128) < 4


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12))
def test_damaged_anywhere_it_is_kept_or_refused(which: int, damage: list[tuple[float, int]]) -> None:
    data = bytearray(pictures.saved(pictures.picture(80, 60), ("JPEG", "PNG", "WEBP")[which]))
    for share, value in damage:
        data[int(share * (len(data) - 1))] = value
    try:
        kept = images.clean(bytes(data))
    except Invalid:
        return
    assert pictures.opened(kept.full).format == "JPEG"


def test_a_library_that_allows_cut_pictures_changes_nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    whole = io.BytesIO()
    Image.effect_noise((400, 300), 90).convert("RGB").save(whole, "JPEG")
    with pytest.raises(Invalid):
        images.clean(whole.getvalue()[: len(whole.getvalue()) // 2])
