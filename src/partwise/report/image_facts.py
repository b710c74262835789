"""What a report on images tells, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ImageFacts", "ImagePair", "ImageReport", "PartFacts", "Picture"]


@dataclass(frozen=True)
class Picture:
    """A picture as a data URI, with its size in pixels; `coarse` ones are shown with their pixels in sight."""

    uri: str
    width: int
    height: int
    coarse: bool


@dataclass(frozen=True)
class ImageFacts:
    """An image: what it shows, what the parts make of it, its error, and the largest of the parts in it.

    ``shares`` are numbers of parts and their shares of the brightness, largest first.
    """

    name: str
    original: Picture
    model: Picture
    error: float
    shares: Sequence[tuple[int, float]]


@dataclass(frozen=True)
class PartFacts:
    """A part: its picture, a small one, its mean share, and the images in which its share is largest."""

    index: int
    picture: Picture
    small: Picture
    share: float
    typical: Sequence[tuple[str, Picture, float]]


@dataclass(frozen=True)
class ImagePair:
    """Two images that are like each other, and how alike they are, 1 for the same."""

    names: tuple[str, str]
    pictures: tuple[Picture, Picture]
    score: float


@dataclass(frozen=True)
class ImageReport:
    """All that a report on images tells.

    ``size`` is the size of the images in words; ``k`` the number of parts, of which ``parts`` are the largest;
    ``unknown`` the share of pixels that are;
    ``needed`` how many parts hold nine tenths of the brightness of a typical image; ``repeated`` the number of images
    that are the same as one before; ``compared`` the number of images that ``pairs`` were looked for in; ``table`` the
    shares of all parts in each of the images shown; all else is as in ``Report``.
    """

    title: str
    size: str
    images: int
    k: int
    unknown: float
    explained: float
    typical_error: float
    needed: int
    repeated: int
    compared: int
    parts: Sequence[PartFacts]
    shown: Sequence[ImageFacts]
    table: Sequence[Sequence[float]]
    worst: Sequence[ImageFacts]
    pairs: Sequence[ImagePair]
    figures: Sequence[tuple[str, str]]
    provenance: Sequence[tuple[str, str]]
    repeat: Sequence[str]
