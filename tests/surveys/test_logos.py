"""Logos: whatever is uploaded, a small and clean picture is kept, or a reason is given."""

import io
import random
import struct
import zlib

import pytest
from PIL import Image, ImageDraw

from nps_portal.surveys.logos import MOST_BYTES_IN, MOST_BYTES_KEPT, UnusableLogo, made_logo

BLUE = (47, 95, 208, 255)
SEE_THROUGH = (0, 0, 0, 0)


def drawn(size: tuple[int, int] = (900, 300), ground: tuple[int, ...] = SEE_THROUGH) -> Image.Image:
    """Return a simple logo: a disc and a bar."""
    picture = Image.new("RGBA", size, ground)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((0, 0, size[1] - 1, size[1] - 1), fill=BLUE)
    draw.rectangle((size[1], size[1] // 3, size[0], size[1] // 2), fill=(26, 33, 48, 255))
    return picture


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def noise(size: tuple[int, int]) -> Image.Image:
    """Return a picture that nothing can make small: every dot in another of eight colours."""
    chance = random.Random(7)
    dots = size[0] * size[1] * 3
    return Image.frombytes("RGB", size, bytes(chance.choices((0, 255), k=dots)))


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_a_logo_is_kept_small_and_transparent(kind: str) -> None:
    made = made_logo(saved(drawn(), kind))

    picture = opened(made.image).convert("RGBA")
    assert made.media_type == "image/png"
    assert len(made.image) <= MOST_BYTES_KEPT
    # Three to one fits 192 by 64, kept at twice that.
    assert (made.width, made.height) == picture.size == (384, 128)
    assert picture.getpixel((383, 0)) == SEE_THROUGH
    red, green, blue, alpha = picture.getpixel((64, 64))  # type: ignore[misc]  # one of RGBA
    assert abs(red - 47) + abs(green - 95) + abs(blue - 208) < 12
    assert alpha == 255


def test_a_wide_logo_fits_the_width() -> None:
    made = made_logo(saved(drawn((2400, 200)), "PNG"))

    assert (made.width, made.height) == (480, 40)


def test_a_small_logo_is_shown_at_its_own_size() -> None:
    made = made_logo(saved(drawn((90, 30)), "PNG"))

    assert (made.width, made.height) == (180, 60)


def test_the_same_picture_has_the_same_name() -> None:
    one, other = made_logo(saved(drawn(), "PNG")), made_logo(saved(drawn(), "PNG"))
    different = made_logo(saved(drawn(ground=(255, 255, 255, 255)), "PNG"))

    assert one.digest == other.digest != different.digest
    assert len(one.digest) == 32


def test_what_a_camera_wrote_into_it_is_gone_but_its_turn_is_obeyed() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "Taken at home, 1 Secret Street"
    lying = drawn(ground=(255, 255, 255, 255)).rotate(90, expand=True).convert("RGB")

    made = made_logo(saved(lying, "JPEG", exif=exif))

    assert b"Secret" not in made.image
    assert not opened(made.image).getexif()
    assert made.width > made.height


def test_of_a_moving_picture_the_first_frame_is_kept() -> None:
    frames = [Image.new("RGB", (60, 60), colour) for colour in ("#ff0000", "#00ff00")]
    moving = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)

    made = made_logo(moving)

    picture = opened(made.image)
    assert getattr(picture, "n_frames", 1) == 1
    assert picture.convert("RGB").getpixel((30, 30)) == (255, 0, 0)


def test_a_photograph_becomes_a_picture_that_email_knows() -> None:
    photograph = noise((60, 20)).resize((1200, 400), Image.Resampling.BICUBIC)

    made = made_logo(saved(photograph, "JPEG", quality=95))

    assert made.media_type in {"image/png", "image/jpeg"}
    assert len(made.image) <= MOST_BYTES_KEPT


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a picture"),
        (b"GIF89a", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (saved(drawn(), "PNG")[:200], "not a picture"),
        (saved(drawn().convert("RGB"), "BMP"), "not a picture"),
        (saved(noise((480, 128)), "PNG"), "too many details"),
        (b"\x89PNG" + b"\0" * MOST_BYTES_IN, "larger than 2 MB"),
    ],
    ids=["empty", "head", "svg", "cut", "bmp", "noise", "large"],
)
def test_what_cannot_be_a_logo_is_refused_in_words(data: bytes, reason: str) -> None:
    with pytest.raises(UnusableLogo, match=reason):
        made_logo(data)


@pytest.mark.parametrize("side", [8_000, 30_000])
def test_a_bomb_is_refused_before_it_is_unpacked(side: int) -> None:
    with pytest.raises(UnusableLogo, match="30 million pixels"):
        made_logo(bomb(side))


@pytest.mark.parametrize("size", [(10_001, 20), (20, 10_001)])
def test_a_picture_with_a_very_long_side_is_refused(size: tuple[int, int]) -> None:
    made_logo(saved(Image.new("1", (10_000, 20)), "PNG"))

    with pytest.raises(UnusableLogo, match="longer than 10,000 pixels"):
        made_logo(saved(Image.new("1", size), "PNG"))


def bomb(side: int) -> bytes:
    """Return a PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
