"""What a portal is told when it starts."""

from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["LONGEST", "Settings"]

LONGEST = 30
"""Seconds that requests in flight have after a server is told to stop."""


@dataclass(frozen=True)
class Settings:
    """How a portal runs.

    Attributes
    ----------
    database : str
        The address of the database.
    folder : Path
        Where models, the secret and, by default, the database are.
    secret : str
        Signs sessions and links, and makes pseudonyms.
    demo : bool
        Whether the articles and readers are those of the demonstration.
    open : bool
        Whether everybody who reaches the server is an editor: only for a demonstration on this computer.
    hosts : tuple of str
        Names by which the server can be asked; without any, every name.
    pseudonyms : bool
        Whether keyed hashes of the ids of readers are stored instead of the ids.
    keep_days : float or None
        Days after which a read is removed.
    refit_every : float or None
        Hours between fits.
    requests_a_minute : int
        Requests that one key can make in a minute.
    visits_a_minute : int
        Requests without a key that one address can make in a minute.
    sign_ins_a_minute : int
        Times a minute that one address can try to sign in.
    body_limit, upload_limit : int
        Bytes of a request, and of one that uploads a file.
    """

    database: str
    folder: Path
    secret: str = field(repr=False)
    demo: bool = False
    open: bool = False
    hosts: tuple[str, ...] = ()
    pseudonyms: bool = False
    keep_days: float | None = None
    refit_every: float | None = None
    requests_a_minute: int = 60_000
    visits_a_minute: int = 3_000
    sign_ins_a_minute: int = 10
    body_limit: int = 10_000_000
    upload_limit: int = 200_000_000
