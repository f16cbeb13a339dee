"""The arithmetic of colours, against figures of WCAG and against its own promises."""

import itertools

import pytest

from nps_portal.surveys.colours import (
    DARK_PAGE,
    EDGE_CONTRAST,
    TEXT_CONTRAST,
    WHITE,
    accent_on,
    contrast,
    corrected,
    readable_on,
)
from nps_portal.surveys.swatches import correction_of

CUBE = [
    f"#{red:02x}{green:02x}{blue:02x}"
    for red, green, blue in itertools.product(range(0, 256, 51), repeat=3)
]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        # The well-known lightest grey that may be read on white.
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.0),
        ("#0000ff", "#ffffff", 8.59),
    ],
)
def test_contrast_is_as_wcag_defines_it(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


def test_text_on_every_colour_can_be_read() -> None:
    assert all(contrast(readable_on(colour), colour) >= TEXT_CONTRAST for colour in CUBE)


def test_every_corrected_colour_is_seen_in_the_light_and_in_the_dark() -> None:
    for colour in CUBE:
        shade, changed = corrected(colour)

        assert contrast(shade, WHITE) >= EDGE_CONTRAST, colour
        assert contrast(shade, DARK_PAGE) >= EDGE_CONTRAST, colour
        assert changed == (shade != colour)
        assert corrected(shade) == (shade, False)


def test_a_colour_that_is_seen_everywhere_stays_as_it_is() -> None:
    assert corrected("#2F5FD0") == ("#2f5fd0", False)


def test_a_correction_keeps_the_hue_and_goes_no_further_than_needed() -> None:
    shade, _ = corrected("#ffff00")

    assert shade[1:3] == shade[3:5]
    assert shade[5:] == "00"
    assert contrast(shade, WHITE) < EDGE_CONTRAST + 0.1


def test_an_accent_is_seen_and_read_on_its_ground() -> None:
    for colour, ground in itertools.product(CUBE, (WHITE, DARK_PAGE)):
        accent = accent_on(colour, ground)

        assert contrast(accent.fill, ground) >= EDGE_CONTRAST
        assert contrast(accent.on_fill, accent.fill) >= TEXT_CONTRAST
        assert contrast(accent.text, ground) >= TEXT_CONTRAST


def test_a_correction_says_in_words_what_was_amiss() -> None:
    kept, _ = corrected("#ffff00")

    correction = correction_of("#FFFF00", kept)

    assert correction is not None
    assert "On a white page the contrast of #ffff00 is 1.1 to 1" in correction.words
    assert f"the nearest shade, {kept}" in correction.words
    assert [one.fill for one in (*correction.before, *correction.after)] == [
        "#FFFF00",
        "#FFFF00",
        kept,
        kept,
    ]


@pytest.mark.parametrize("asked", ["#", "#12", "red", "#2f5fd0", "#17744f"])
def test_what_needed_no_correction_is_not_explained(asked: str) -> None:
    assert correction_of(asked, "#2f5fd0") is None
