"""``partwise images``."""

import re
import time
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from partwise.cli.command import Command, json_option, new_file, note, number_of_parts, seed_option
from partwise.cli.progress import doing, progress
from partwise.cli.render import (
    as_many,
    fit_facts,
    print_facts,
    print_json,
    print_line,
    print_sentence,
    summary,
    terminal_width,
)
from partwise.cli.saving import save_model, written
from partwise.io.escapes import escaped, quoted
from partwise.io.writing import write_bytes

if TYPE_CHECKING:
    from partwise.report.image_facts import ImageReport

__all__ = ["command"]

LISTED = 5
"""How many badly explained images, and how many pairs, are printed."""


def _size(ctx: click.Context, option: click.Parameter, value: str | None) -> tuple[int, int] | None:
    """Return height and width, from one number or two."""
    if value is None:
        return None
    found = re.fullmatch(r"([1-9]\d{0,5})(?:x([1-9]\d{0,5}))?", value)
    if found is None:
        raise click.BadParameter(
            f"{value!r} is not a size in pixels. Give one number, as in 64, or height x width, as in 48x64."
        )
    return int(found[1]), int(found[2] or found[1])


@click.command(cls=Command)
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.option(
    "--components",
    metavar="N|choose",
    callback=number_of_parts,
    default="25",
    show_default=True,
    help="Number of parts; choose: the number that predicts held-out pixels best.",
)
@click.option(
    "--size",
    metavar="N|HxW",
    callback=_size,
    show_default="that of the images, which must be the same",
    help="Scale images to this height and width, and cut off what is outside.",
)
@click.option(
    "--colour",
    type=click.Choice(["keep", "grey", "rgb"]),
    default="keep",
    show_default=True,
    help="Colours of the parts; keep: grey if all images are grey, else rgb.",
)
@click.option(
    "--background",
    type=click.Choice(["white", "black", "unknown"]),
    default="white",
    show_default=True,
    help="Colour behind transparent pixels; unknown: these pixels do not count.",
)
@click.option(
    "--max-iter", type=click.IntRange(min=1), default=200, show_default=True, help="Largest number of iterations."
)
@seed_option
@json_option
@new_file("PAGE", (".html", ".htm"), show_default="nothing is written", help="Write a page with pictures to this file.")
@click.option("--title", show_default="numbers of parts and images", help="Title of the page.")
@new_file("MODEL", option="--out-model", show_default="nothing is saved", help="Save the parts to this file.")
def command(
    folder: str,
    components: int | str,
    size: tuple[int, int] | None,
    colour: str,
    background: str,
    max_iter: int,
    seed: int,
    as_json: bool,
    out: str | None,
    title: str | None,
    out_model: str | None,
) -> None:
    """Find the parts that images share, and show them on a page.

    FOLDER holds images (.png, .jpg, .webp, .gif, .bmp, .tif and others), also in folders within it. Each image is a sum
    of parts with weights of its own. The page is one file that needs no network. It shows the parts as pictures, the
    share of each part in each image, images beside their reconstructions, the images that the parts explain badly, and
    the images that are most alike.

    \b
    Example: partwise images photos --size 64 --components 25 --out photos.html
    """
    from partwise.images import ImageParts, read_folder
    from partwise.images.reporting import image_report_of
    from partwise.report.images import image_page

    with doing(f"Looking through {folder}"):
        stack = read_folder(folder, size, colour=colour, background=background)
    for told in stack.notes:
        note(told)
    started = time.perf_counter()
    model = ImageParts(components, random_state=seed, max_iter=max_iter, n_jobs=-1)
    first = "Choosing the number of parts" if components == "choose" else "Finding a start"
    with progress(model, first, "Finding parts"):
        model.fit(stack)
    seconds = time.perf_counter() - started
    with doing("Looking at the parts"):
        report = image_report_of(model, stack, title, _made())
    if out is not None:
        page = image_page(report).encode()
        written(out, lambda: write_bytes(out, page))
    if out_model is not None:
        save_model(model, out_model)
    facts = fit_facts(model.nmf_, model.nmf_.factorization_.relative_error, seconds)
    reason = model.nmf_.rank_choice_.reason if components == "choose" else None
    if as_json:
        print_json({**_shape(report, stack.shape), "reason": reason, **facts, **_told(report, out, out_model)})
        return
    print_facts([f"{report.k} parts", f"{report.images:,} images", report.size, *summary(facts)])
    if reason is not None:
        print_sentence(reason)
    _print_parts(report)
    for path in filter(None, (out, out_model)):
        note(f"wrote {path}{'; open it in a browser' if path == out else ''}")


def _made() -> str:
    """Return the command line of this run, for the page."""
    ctx = click.get_current_context()
    return quoted(["partwise", str(ctx.info_name), *ctx.meta["words"]])


def _shape(report: "ImageReport", shape: tuple[int, ...]) -> dict[str, Any]:
    height, width, *colours = shape
    counts = {"n_images": report.images, "height": height, "width": width, "colours": 3 if colours else 1}
    return {"n_components": report.k, **counts, "explained": report.explained}


def _told(report: "ImageReport", out: str | None, out_model: str | None) -> dict[str, Any]:
    """Return the facts of the page, for JSON."""
    parts = [
        {"part": part.index, "share": part.share, "typical": [name for name, _, _ in part.typical]}
        for part in report.parts
    ]
    badly = [{"image": one.name, "error": one.error} for one in report.worst]
    pairs = [{"images": [*pair.names], "score": pair.score} for pair in report.pairs]
    return {"parts": parts, "badly_explained": badly, "similar": pairs, "page": out, "model": out_model}


def _print_parts(report: "ImageReport") -> None:
    """Print share and typical images of each part, and the images that are explained badly or are most alike."""
    print_line(Text(" #  share  images with most of it", "dim"))
    for part in report.parts:
        line = Text(f"{part.index:2}  {part.share:5.1%}  ")
        names = [escaped(name) for name, _, _ in part.typical] or ["none"]
        print_line(line.append(as_many(names, terminal_width() - line.cell_len, ", "), "bold"))
    badly = [f"{escaped(one.name)} (error {one.error:.2f})" for one in report.worst[:LISTED]]
    alike = [f"{' and '.join(map(escaped, pair.names))} ({pair.score:.3f})" for pair in report.pairs[:LISTED]]
    for said, listed in (("explained badly: ", badly), ("most alike: ", alike)):
        if listed:
            print_line(Text().append(said, "dim").append(as_many(listed, terminal_width() - len(said), ", ")))
