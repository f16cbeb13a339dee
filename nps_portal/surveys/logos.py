"""Making a logo of an uploaded picture: small, clean, and such as every mail program shows."""

import hashlib
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageOps

from nps_portal.foundation.errors import PortalError
from nps_portal.surveys.email_logo import PIXELS_A_POINT

MOST_BYTES_IN = 2_000_000
MOST_BYTES_KEPT = 8_000
MOST_PIXELS_IN = 30_000_000
LONGEST_SIDE_IN = 10_000
BOX = (240, 64)

_KINDS = ("PNG", "JPEG", "WEBP", "GIF")
_PALETTES = (256, 128, 64, 32, 16)
_QUALITIES = (85, 75, 65)
_SHRINKINGS = (1.0, 0.75)
# What Pillow raises for pictures that are cut off, wrong or built to harm.
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, struct.error)
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class UnusableLogo(PortalError):
    """What was uploaded cannot become a logo."""


@dataclass(frozen=True, kw_only=True)
class MadeLogo:
    """A picture as it is kept; its size is in pixels, twice that at which it is shown."""

    image: bytes
    media_type: str
    width: int
    height: int

    @property
    def digest(self) -> str:
        """What names the picture in its address."""
        return hashlib.sha256(self.image).hexdigest()[:32]


def made_logo(data: bytes) -> MadeLogo:
    """Return the picture as a logo: its first frame, fitted, without anything but its pixels.

    :raises UnusableLogo: it is no picture of a known kind, or too large to be read or kept.
    """
    if len(data) > MOST_BYTES_IN:
        raise UnusableLogo("This file is larger than 2 MB. Save the logo smaller and try again.")
    picture = _read(data)
    for shrinking in _SHRINKINGS:
        fitted = _fitted(picture, shrinking)
        for image, media_type in _encodings(fitted):
            if len(image) <= MOST_BYTES_KEPT:
                width, height = fitted.size
                return MadeLogo(image=image, media_type=media_type, width=width, height=height)
    raise UnusableLogo(
        "This picture has too many details for a logo in an email: even reduced it needs more than "
        "8 kB. Use a simpler one, without photographs."
    )


def _read(data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=_KINDS) as picture:
            # Known from its first bytes, before anything is unpacked.
            if picture.width * picture.height > MOST_PIXELS_IN:
                raise UnusableLogo(_TOO_MANY_PIXELS)
            if max(picture.size) > LONGEST_SIDE_IN:
                raise UnusableLogo(_TOO_LONG)
            # Lets a large JPEG be read at a fraction of its size.
            picture.draft("RGB", (BOX[0] * 4, BOX[1] * 4))
            return ImageOps.exif_transpose(picture).convert("RGBA")
    except _TOO_LARGE as error:
        raise UnusableLogo(_TOO_MANY_PIXELS) from error
    except _BROKEN as error:
        raise UnusableLogo(
            "This is not a picture that we can read. Choose a PNG, JPEG, WebP or GIF file."
        ) from error


_TOO_MANY_PIXELS = "This picture has more than 30 million pixels. Save it smaller and try again."
_TOO_LONG = "One side of this picture is longer than 10,000 pixels. Save it smaller and try again."


def _fitted(picture: Image.Image, shrinking: float) -> Image.Image:
    """Return the picture at twice the size at which it is shown, which is never above its own."""
    width, height = picture.size
    shown = min(BOX[0] / width, BOX[1] / height, 1.0) * shrinking * PIXELS_A_POINT
    size = (max(round(width * shown), PIXELS_A_POINT), max(round(height * shown), PIXELS_A_POINT))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _encodings(picture: Image.Image) -> Iterator[tuple[bytes, str]]:
    """Yield the picture in ever smaller files; a JPEG only where nothing is transparent."""
    is_opaque = picture.getchannel("A").getextrema() == (255, 255)
    whole = picture.convert("RGB") if is_opaque else picture
    yield _saved(whole, "PNG"), "image/png"
    yield _saved(_reduced(picture, _PALETTES[0]), "PNG"), "image/png"
    if is_opaque:
        yield from ((_saved(whole, "JPEG", quality), "image/jpeg") for quality in _QUALITIES)
    yield from ((_saved(_reduced(picture, count), "PNG"), "image/png") for count in _PALETTES[1:])


def _reduced(picture: Image.Image, colours: int) -> Image.Image:
    return picture.quantize(colours, method=Image.Quantize.FASTOCTREE)


def _saved(picture: Image.Image, kind: str, quality: int = 85) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, optimize=True, quality=quality)
    return file.getvalue()
