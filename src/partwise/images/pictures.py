"""Pixels as pictures for a page: small files, within the page."""

import base64
from io import BytesIO

import numpy as np

from partwise.images.decoding import pillow
from partwise.matrix import Array
from partwise.report.image_facts import Picture

__all__ = ["LARGE", "SMALL", "picture"]

LARGE, SMALL = 160, 32
"""Longest sides of a picture and of a small one, in pixels; a larger image is scaled down to these."""
COARSE = 64
"""Longest side up to which a picture is stored without loss, and shows its pixels."""
QUALITY = 85
"""That of JPEG."""


def picture(pixels: Array, most: int = LARGE) -> Picture:
    """Return an image, float (h, w) or (h, w, 3) from 0 to 1, as a picture; NaN is clear.

    Examples
    --------
    >>> made = picture(np.zeros((8, 6), np.float32))
    >>> made.width, made.height, made.uri[:22]
    (6, 8, 'data:image/png;base64,')
    """
    Image = pillow()
    unknown = np.isnan(pixels)
    whole = np.round(255 * np.clip(np.where(unknown, 0, pixels), 0, 1)).astype(np.uint8)
    made = Image.fromarray(whole)
    clear = bool(unknown.any())
    if clear:
        hidden = unknown if unknown.ndim == 2 else unknown.any(axis=2)
        made = made.convert("RGBA")
        made.putalpha(Image.fromarray(np.where(hidden, 0, 255).astype(np.uint8)))
    coarse = max(made.size) <= COARSE
    if max(made.size) > most:
        made.thumbnail((most, most), Image.Resampling.BOX)
    stream = BytesIO()
    if clear or max(made.size) <= COARSE:
        kind = "png"
        made.save(stream, "PNG", optimize=True)
    else:
        kind = "jpeg"
        made.save(stream, "JPEG", quality=QUALITY, optimize=True)
    uri = f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode()}"
    return Picture(uri, made.width, made.height, coarse)
