"""Drawings for the demonstration: the same corner of a street before and after somebody put it right. No photograph."""

from __future__ import annotations

import io
import random
from functools import cache

from PIL import Image, ImageDraw

SIZE = (960, 720)  # pixels
SCENES = 6
_BAGS = ("#2e3440", "#3b4252", "#5e6b57", "#7a5c42", "#44505c")
_PAPERS = ("#f4e9c8", "#f7d9d0", "#dfe9f5", "#fbf6e9")


@cache
def pair(scene: int, *, on_wall: bool = False) -> tuple[bytes, bytes]:
    """(before, after) as JPEG: bags on the pavement, or papers on the wall; `scene` counts from 0."""
    shown = []
    for before in (True, False):
        dice = random.Random(scene)
        image, pen = _street(dice)
        if before:
            (_papers if on_wall else _bags)(pen, dice)
        pen.text((SIZE[0] - 190, SIZE[1] - 34), "DEMONSTRATION", fill="#ffffff", font_size=20)
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=82)
        shown.append(stream.getvalue())
    return shown[0], shown[1]


def _street(dice: random.Random) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A grey brick wall, a tree and a pavement of slabs."""
    width, height = SIZE
    image = Image.new("RGB", SIZE, "#8d8f91")
    pen = ImageDraw.Draw(image)
    ground = 430 + dice.randint(-20, 20)
    for row, y in enumerate(range(0, ground, 26)):
        for x in range(-60 + 30 * (row % 2), width, 60):
            shade = 118 + dice.randint(-12, 12)
            pen.rectangle((x, y, x + 57, y + 23), fill=(shade, shade - 2, shade - 6))
    pen.rectangle((0, ground, width, height), fill="#b9b3a8")
    for x in range(-200, width + 200, 96):
        pen.line((x, height, width / 2 + (x - width / 2) * 0.55, ground), fill="#a29c91", width=3)
    for y in (ground + 50, ground + 120, ground + 210):
        pen.line((0, y, width, y), fill="#a29c91", width=3)
    trunk = dice.randint(60, 130)
    pen.rectangle((trunk, 120, trunk + 46, ground + 60), fill="#6b5138")
    for _leaf in range(60):
        leaf_x, leaf_y, r = trunk + 20 + dice.gauss(0, 90), 70 + dice.gauss(0, 55), dice.randint(18, 42)
        pen.ellipse(
            (leaf_x - r, leaf_y - r, leaf_x + r, leaf_y + r),
            fill=(74 + dice.randint(-15, 15), 112 + dice.randint(-15, 15), 66),
        )
    return image, pen


def _bags(pen: ImageDraw.ImageDraw, dice: random.Random) -> None:
    middle = dice.randint(430, 640)
    for _bag in range(dice.randint(7, 11)):
        x, y, r = middle + dice.gauss(0, 120), 560 + dice.gauss(0, 26), dice.randint(38, 70)
        pen.ellipse((x - r, y - r * 0.8, x + r, y + r * 0.8), fill=dice.choice(_BAGS), outline="#1d2129", width=3)
        pen.polygon([(x - 9, y - r * 0.75), (x + 9, y - r * 0.75), (x, y - r * 1.05)], fill="#1d2129")


def _papers(pen: ImageDraw.ImageDraw, dice: random.Random) -> None:
    for _paper in range(dice.randint(6, 9)):
        x, y = dice.randint(240, 820), dice.randint(90, 330)
        pen.rectangle((x, y, x + 74, y + 98), fill=dice.choice(_PAPERS), outline="#8a857a", width=2)
        for line in range(14, 90, 14):
            pen.line((x + 10, y + line, x + 10 + dice.randint(30, 54), y + line), fill="#77726a", width=4)
