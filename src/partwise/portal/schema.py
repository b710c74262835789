"""The tables of the portal's database. A change to them is a new file in ``migrations/versions``."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, Table, Text

__all__ = ["articles", "edits", "events", "fits", "keys", "metadata", "readers", "settings"]

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)
# SQLite counts up only a primary key of type INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")

articles = Table(
    "articles",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False, server_default=""),
    Column("text", Text, nullable=False),
    Column("time", Float),  # seconds since 1970, of publication
    Column("section", Text, nullable=False, server_default=""),
    Column("url", Text, nullable=False, server_default=""),
    Column("changed", Float, nullable=False),  # when the portal received it last
    Index(None, "changed"),
    Index(None, "time"),
)
events = Table(
    "events",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),  # a batch that is sent twice counts once
    Column("reader", Text, nullable=False),
    Column("article", Text, nullable=False),  # the article may arrive later
    Column("time", Float, nullable=False),
    Column("strength", Float, nullable=False, server_default="1"),
    Index(None, "reader"),
    Index(None, "article"),
    Index(None, "time"),
)
readers = Table(  # readers who set something; the others have events only
    "readers",
    metadata,
    Column("reader", Text, primary_key=True),
    Column("preferences", JSON, nullable=False),
)
keys = Table(
    "keys",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("hash", Text, nullable=False, unique=True),  # SHA-256: keys are long and random
    Column("name", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float),
)
fits = Table(
    "fits",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("state", Text, nullable=False),  # running, ready, aside (worse than the one in use), failed, removed
    Column("started", Float, nullable=False),
    Column("beat", Float, nullable=False),  # a running fit renews it; one that stopped doing so was killed
    Column("ended", Float),
    Column("used", Float),  # when it was last put into use: the latest is the one in use
    Column("facts", JSON, nullable=False),  # sizes, measures, what changed, why it failed
    Index(None, "used"),
)
edits = Table(  # of the topics of one fit, in order
    "edits",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=True),
    Column("fit", Number, ForeignKey("fits.number", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),  # rename, merge, split
    Column("facts", JSON, nullable=False),
    Column("made", Float, nullable=False),
    Column("undone", Boolean, nullable=False, server_default="0"),
    Index(None, "fit"),
)
settings = Table("settings", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
