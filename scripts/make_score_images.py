"""Draw the eleven score images of the survey email.

All eleven look alike but for the digit: a coloured or larger mark would lead the answer. They are
opaque, because mail programs paint white behind transparent images in dark mode, and drawn at
twice the shown size for sharp screens. Run again after a change and commit the result; the same
Pillow draws the same bytes.
"""

import argparse
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw, ImageFont

SHOWN_PIXELS = 44
SIDE = SHOWN_PIXELS * 2
OVERSAMPLING = 4
CORNER_RADIUS = 7 * 2
BORDER_WIDTH = 1

# The border keeps 3 : 1 towards white, towards a dark page and towards the cell, so the cell's
# shape stays visible in every colour scheme, also when a mail program inverts it. It is thin,
# because the email draws the same border around the image for readers who see no images.
BORDER = "#7786ab"
CELL = "#f1f4fa"
DIGIT = "#1a2440"

DIGIT_HEIGHT = 44
DIGIT_STROKE = 2
SHADES = 7
STATIC_FOLDER = Path(__file__).parent.parent / "nps_portal" / "static" / "score_images"


def score_image(score: int) -> Image.Image:
    """Draw one score as a square cell with a border and a dark digit on light ground.

    The corners outside the rounded border are filled with the border's colour: where a mail
    program rounds the image they are cut off, elsewhere they look like a plain frame.
    """
    side = SIDE * OVERSAMPLING
    image = Image.new("RGB", (side, side), BORDER)
    draw = ImageDraw.Draw(image)
    inset = BORDER_WIDTH * OVERSAMPLING
    draw.rounded_rectangle(
        (inset, inset, side - 1 - inset, side - 1 - inset),
        radius=(CORNER_RADIUS - BORDER_WIDTH) * OVERSAMPLING,
        fill=CELL,
    )
    font = ImageFont.load_default(size=DIGIT_HEIGHT * OVERSAMPLING)
    draw.text(
        (side / 2, _baseline(draw, font, side)),
        str(score),
        font=font,
        fill=DIGIT,
        anchor="ms",
        stroke_width=DIGIT_STROKE * OVERSAMPLING / 2,
        stroke_fill=DIGIT,
    )
    small = image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return small.quantize(palette=_palette(), dither=Image.Dither.NONE)


def make_score_images(folder: Path) -> None:
    """Write 0.png to 10.png into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for score in range(11):
        score_image(score).save(folder / f"{score}.png", optimize=True)


def _palette() -> Image.Image:
    """Return the shades of all eleven images, so that none is a hair darker than another."""
    cell = ImageColor.getrgb(CELL)
    colours: list[int] = []
    for ink in (ImageColor.getrgb(DIGIT), ImageColor.getrgb(BORDER)):
        for step in range(SHADES + 1):
            share = step / SHADES
            pairs = zip(cell[:3], ink[:3], strict=True)
            colours += [round(ground + (dark - ground) * share) for ground, dark in pairs]
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours)
    return palette


def _baseline(
    draw: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    side: int,
) -> float:
    """Return the baseline that centres a flat digit, the same for all eleven."""
    _, top, _, bottom = draw.textbbox((0, 0), "1", font=font, anchor="ls")
    return side / 2 - (top + bottom) / 2


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=STATIC_FOLDER)
    make_score_images(parser.parse_args().folder)
