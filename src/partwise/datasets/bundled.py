"""Collections shipped inside the package: loading them needs no network."""

import gzip
import json
import wave
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partwise.summary import Summary, spread

__all__ = [
    "FashionMNIST",
    "Sound",
    "StateOfTheUnion",
    "load_fashion_mnist",
    "load_state_of_the_union",
    "load_vibe_ace",
]

CLOTHES = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
]
"""Names of the classes of Fashion-MNIST, in the order of their numbers."""


@dataclass(frozen=True, repr=False)
class StateOfTheUnion(Summary):
    """Passages of the State of the Union addresses, in the order they were given.

    Parameters
    ----------
    texts : list of str
        Passages of about 150 words, cut at the ends of sentences.
    ids : list of str
        Year, speaker and number of the passage, such as ``'1961-john-f-kennedy-001'``.
    titles : list of str
        The same for people to read, such as ``'John F Kennedy, 1961 (1 of 30)'``.
    years : list of int
        Year of the address.
    speakers : list of str
        Name of the president.
    parties : list of str
        Party of the president.

    Examples
    --------
    >>> passages = load_state_of_the_union()
    >>> passages
    StateOfTheUnion
      passages   5,360
      addresses  123
      speakers   22
      years      1900 to 2021
    >>> i = passages.ids.index("1961-john-f-kennedy-001")
    >>> passages.titles[i], passages.parties[i]
    ('John F Kennedy, 1961 (1 of 30)', 'Democratic')
    """

    texts: list[str]
    ids: list[str]
    titles: list[str]
    years: list[int]
    speakers: list[str]
    parties: list[str]

    def _facts(self) -> dict[str, Any]:
        return {
            "passages": f"{len(self.texts):,}",
            "addresses": f"{len({*zip(self.years, self.speakers, strict=True)}):,}",
            "speakers": len({*self.speakers}),
            "years": spread(self.years, ".0f"),
        }


@dataclass(frozen=True, eq=False, repr=False)
class FashionMNIST(Summary):
    """Grey images of clothes, shoes and bags.

    Parameters
    ----------
    images : ndarray of uint8, shape (1000, 28, 28)
        Pixels from 0 (background) to 255.
    labels : ndarray of int64, shape (1000,)
        Class of each image, 0 to 9.
    names : list of str
        Name of each class, such as ``'Ankle boot'``.

    Examples
    --------
    >>> clothes = load_fashion_mnist()
    >>> clothes.images.shape, clothes.names[clothes.labels[0]]
    ((1000, 28, 28), 'Ankle boot')
    >>> pixels = clothes.images[clothes.labels == clothes.names.index("Bag")] / 255  # as ImageParts takes them
    >>> len(pixels)
    100
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    names: list[str]

    def _facts(self) -> dict[str, Any]:
        n, height, width = self.images.shape
        return {"images": f"{n:,} of {height} x {width} pixels", "classes": ", ".join(self.names)}


@dataclass(frozen=True, eq=False, repr=False)
class Sound(Summary):
    """A recording of one channel.

    Parameters
    ----------
    samples : ndarray of float64, shape (n,)
        The wave, from -1 to 1.
    sample_rate : int
        Samples a second, in Hz.
    title, artist, licence : str
        What has to be named wherever the sound is passed on.

    Examples
    --------
    >>> sound = load_vibe_ace()
    >>> print(f"{sound.title} by {sound.artist}, {sound.licence}")
    Vibe Ace by Kevin MacLeod, CC BY 3.0, https://creativecommons.org/licenses/by/3.0/
    >>> len(sound.samples) / sound.sample_rate  # seconds
    8.0
    """

    samples: NDArray[np.float64]
    sample_rate: int
    title: str
    artist: str
    licence: str

    def _facts(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "artist": self.artist,
            "licence": self.licence,
            "length": f"{len(self.samples) / self.sample_rate:.1f} s, {self.sample_rate:,} samples a second",
        }


def load_state_of_the_union() -> StateOfTheUnion:
    """Load 5,360 passages of the addresses of the presidents of the United States, 1900 to 2021.

    The addresses have no copyright protection in the United States; ``NOTICE.txt`` beside the data says where they
    were taken from.

    Returns
    -------
    StateOfTheUnion
        The passages and what is known of each.

    Examples
    --------
    >>> passages = load_state_of_the_union()
    >>> len(passages.texts), passages.years[0], passages.years[-1]
    (5360, 1900, 2021)
    >>> passages.speakers[0]
    'William McKinley'
    """
    packed = _packed("state_of_the_union", "passages.jsonl.gz")
    rows = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    return StateOfTheUnion(
        texts=[row["text"] for row in rows],
        ids=[row["id"] for row in rows],
        titles=[row["title"] for row in rows],
        years=[row["year"] for row in rows],
        speakers=[row["speaker"] for row in rows],
        parties=[row["party"] for row in rows],
    )


def load_fashion_mnist() -> FashionMNIST:
    """Load 1,000 images of clothes: the first 100 of each class of the training set of Fashion-MNIST.

    The images are under the MIT licence of Zalando SE; ``NOTICE.txt`` beside the data holds it.

    Returns
    -------
    FashionMNIST
        The images, and the class of each.

    References
    ----------
    H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning
    algorithms", 2017, arXiv:1708.07747.

    Examples
    --------
    >>> clothes = load_fashion_mnist()
    >>> clothes.images.shape, clothes.images.dtype
    ((1000, 28, 28), dtype('uint8'))
    >>> clothes.names[clothes.labels[0]]
    'Ankle boot'
    """
    with np.load(BytesIO(_packed("fashion_mnist", "images.npz"))) as held:
        return FashionMNIST(held["images"], held["labels"].astype(np.int64), list(CLOTHES))


def load_vibe_ace() -> Sound:
    """Load eight seconds of "Vibe Ace" by Kevin MacLeod: vibraphone, piano, bass and drums.

    The music is under the Creative Commons licence CC BY 3.0: name the artist, the title and the licence wherever you
    pass it on. ``NOTICE.txt`` beside the data says so, and what was changed.

    Returns
    -------
    Sound
        The wave of one channel, at 11,025 samples a second.

    Examples
    --------
    >>> sound = load_vibe_ace()
    >>> sound
    Sound
      title    Vibe Ace
      artist   Kevin MacLeod
      licence  CC BY 3.0, https://creativecommons.org/licenses/by/3.0/
      length   8.0 s, 11,025 samples a second
    """
    with wave.open(BytesIO(_packed("vibe_ace", "vibe_ace.wav"))) as held:
        samples, rate = np.frombuffer(held.readframes(held.getnframes()), "<i2"), held.getframerate()
    licence = "CC BY 3.0, https://creativecommons.org/licenses/by/3.0/"
    return Sound(samples / 2**15, rate, "Vibe Ace", "Kevin MacLeod", licence)


def _packed(folder: str, name: str) -> bytes:
    return files("partwise.datasets").joinpath("data", folder, name).read_bytes()
