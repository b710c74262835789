"""``partwise demo``."""

import time

import click

from partwise.cli.command import Command
from partwise.cli.progress import doing, progress
from partwise.cli.render import fit_facts, print_facts, print_similar, print_text, print_topics, summary

__all__ = ["command"]

CHOSEN = "1996-william-j-clinton-020"
NEXT = """
To do the same with your texts (.csv, .tsv, .jsonl, or a folder of .txt files):
  partwise topics FILE --text COLUMN --date COLUMN --out MODEL
  partwise similar MODEL ID"""


@click.command(cls=Command)
def command() -> None:
    """Show topics and similar passages of a collection that comes with partwise.

    The collection is 5,360 passages of the State of the Union addresses, 1900 to 2021. The command asks nothing and
    writes no file.

    \b
    Example: partwise demo
    """
    from partwise.datasets import load_state_of_the_union
    from partwise.topics import TopicModel

    click.echo("State of the Union addresses, 1900 to 2021: topics, and the peak of each in time\n")
    passages = load_state_of_the_union()
    started = time.perf_counter()
    model = TopicModel(n_topics=10, n_jobs=-1)
    with progress(model, "Counting words", "Finding topics"):
        model.fit(passages.texts, passages.ids, [str(year) for year in passages.years])
    with doing("Judging the topics"):
        table = model.records()
    facts = fit_facts(model, model.relative_error_, time.perf_counter() - started)
    sizes = [f"{model.n_topics_} topics", f"{len(passages.texts):,} passages", f"{len(model.words_):,} words"]
    print_facts(sizes + summary(facts))
    print_topics(table, {})

    texts = dict(zip(passages.ids, passages.texts, strict=True))
    click.echo(f"\nThree passages similar to {CHOSEN}:")
    print_text(texts[CHOSEN])
    print_similar(model.neighbours(CHOSEN, 3), model.labels_, texts)
    click.echo(NEXT)
