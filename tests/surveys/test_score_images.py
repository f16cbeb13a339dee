"""The eleven score images: equal, opaque, small, readable on any ground."""

from pathlib import Path

import pytest
from PIL import Image

FOLDER = Path(__file__).parents[2] / "nps_portal" / "static" / "score_images"
NAMES = [f"{score}.png" for score in range(11)]


def luminance(colour: tuple[int, int, int]) -> float:
    """WCAG 2.2, relative luminance."""
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (channel / 255 for channel in colour)
    ]
    return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def pixels(name: str) -> Image.Image:
    with Image.open(FOLDER / name) as image:
        return image.convert("RGB")


def colour_at(image: Image.Image, place: tuple[int, int]) -> tuple[int, int, int]:
    red, green, blue = image.crop((*place, place[0] + 1, place[1] + 1)).tobytes()
    return red, green, blue


def test_there_are_exactly_eleven() -> None:
    assert sorted(file.name for file in FOLDER.iterdir()) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_image_is_twice_the_shown_size_opaque_and_small(name: str) -> None:
    with Image.open(FOLDER / name) as image:
        assert image.size == (88, 88)
        assert not image.has_transparency_data

    assert (FOLDER / name).stat().st_size < 1500


@pytest.mark.parametrize("name", NAMES)
def test_an_image_differs_from_the_others_in_its_digit_alone(name: str) -> None:
    first, image = pixels("0.png"), pixels(name)
    for region in ((0, 0, 88, 20), (0, 68, 88, 88), (0, 0, 12, 88), (76, 0, 88, 88)):
        assert image.crop(region).tobytes() == first.crop(region).tobytes()


def test_border_and_digit_contrast_with_the_cell_and_any_ground() -> None:
    image = pixels("1.png")
    border, cell = colour_at(image, (44, 0)), colour_at(image, (20, 44))
    colours = image.getcolors() or []
    digit = min((colour for _, colour in colours if isinstance(colour, tuple)), key=sum)

    assert contrast(border, cell) >= 3
    assert contrast(border, (255, 255, 255)) >= 3
    assert contrast(border, (0, 0, 0)) >= 3
    assert contrast((digit[0], digit[1], digit[2]), cell) >= 7
