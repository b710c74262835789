"""A report on images: the parts as pictures, and images beside what the parts make of them."""

from typing import Any

from partwise.report.frame import asset, document, framed, provenance
from partwise.report.html import Html, tag
from partwise.report.image_facts import ImageFacts, ImagePair, ImageReport, PartFacts, Picture
from partwise.report.pieces import bar, decimal, listed, note, percent, twin

__all__ = ["image_page"]

NAMED = 3
"""Parts that a sentence names."""


def image_page(report: ImageReport) -> str:
    """Return a report on images as HTML; the same report gives the same bytes.

    Parameters
    ----------
    report : ImageReport
        What to tell.

    Returns
    -------
    str
        The page, with its pictures in it.
    """
    small = {part.index: part.small for part in report.parts}
    found = [
        ("overview", "What was found", tag("ul", _findings(report), class_="findings")),
        ("parts", "Parts", _parts(report)),
        ("images", "Images", _images(report, small)),
        ("unexplained", "Explained badly", _worst(report)),
        ("similar", "Most alike", _similar(report)),
        ("model", "The model", _model(report)),
        ("provenance", "How it was made", provenance(report.provenance, report.repeat)),
    ]
    content = framed(report.title, found, ("parts", "Skip to the parts"))
    return document(report.title, content, asset("report.css") + asset("images.css"), ["img-src data:"])


def _findings(report: ImageReport) -> list[Html]:
    held = f"{report.k:,} part{'' if report.k == 1 else 's'}"
    told: list[Any] = [f"The {report.images:,} images of {report.size} have {held}."]
    if len(report.parts) > 1:
        largest = sorted(report.parts, key=lambda part: (-part.share, part.index))[:NAMED]
        named = [[_to(part.index), f" ({part.share:.0%} of the brightness)"] for part in largest]
        told.append(["The largest are ", listed(named), "."])
    told.append(
        f"The parts explain {report.explained:.0%} of the squared brightness, and leave a typical image an error of "
        f"{decimal(report.typical_error)}."
    )
    if report.k > 1:
        many = "1 part holds" if report.needed == 1 else f"{report.needed:,} parts hold"
        told.append(f"In a typical image {many} nine tenths of the brightness.")
    if report.worst:
        worst = report.worst[0]
        name = tag("span", worst.name, dir="auto", class_="id")
        told.append(["Explained worst is ", name, f", with an error of {decimal(worst.error)}."])
    if report.repeated:
        told.append(
            f"{report.repeated:,} image{' is' if report.repeated == 1 else 's are'} the same as another, pixel by "
            "pixel."
        )
    return [tag("li", sentence) for sentence in told]


def _parts(report: ImageReport) -> list[Html]:
    left_out = f" Shown are the {len(report.parts)} largest." if len(report.parts) < report.k else ""
    return [
        note(
            "Each image is a sum of these, each with a weight of its own. A part is shown as bright as can be. The "
            "percentage is its share of the brightness of all images; below it are images in which its "
            f"share is largest.{left_out}"
        ),
        tag("ul", [_part(part) for part in report.parts], class_="gallery parts"),
    ]


def _part(part: PartFacts) -> Html:
    like = [
        tag("li", _img(picture, f"{name}, {percent(share)} of it is part {part.index}"))
        for name, picture, share in part.typical
    ]
    return tag(
        "li",
        tag(
            "figure",
            _img(part.picture, f"Part {part.index}"),
            tag("figcaption", tag("strong", f"Part {part.index}"), tag("span", percent(part.share), class_="share")),
        ),
        tag("ul", like, class_="typical", aria_label=f"Images with most of part {part.index}") if like else None,
        id=f"part-{part.index}",
    )


def _images(report: ImageReport, small: dict[int, Picture]) -> list[Html]:
    columns = ["image", *(f"part {t}" for t in range(report.k))]
    rows = [
        [tag("span", one.name, dir="auto", class_="id"), *map(percent, shares)]
        for one, shares in zip(report.shown, report.table, strict=True)
    ]
    some = f" These are {len(report.shown)} of {report.images:,}." if len(report.shown) < report.images else ""
    hatched = " Unknown pixels of an image are hatched." if report.unknown else ""
    return [
        note(
            "Left the image, right what the parts make of it. Below are the largest parts in it, as shares of its "
            "brightness. The error is what the parts leave, relative to the image: 0 is nothing, 1 all of it."
            f"{hatched}{some}"
        ),
        tag("ul", [_image(one, small) for one in report.shown], class_="gallery images"),
        twin("Share of each part in each of these images", columns, rows),
    ]


def _image(one: ImageFacts, small: dict[int, Picture]) -> Html:
    """Return an image beside what the parts make of it, and the largest parts in it of those that have pictures."""
    shares = [
        tag("li", _img(small[t], ""), _to(t), bar(share), tag("span", f"{share:.0%}", class_="number"))
        for t, share in one.shares
        if t in small
    ]
    return tag(
        "li",
        tag("h3", tag("span", one.name, dir="auto", class_="id")),
        tag("p", f"error {decimal(one.error)}", class_="facts"),
        tag("div", _img(one.original, f"{one.name}, the image"), _img(one.model, f"{one.name}, made of parts"),
            class_="beside"),
        tag("ol", shares, class_="shares", aria_label=f"Largest parts in {one.name}") if shares else None,
    )  # fmt: skip


def _worst(report: ImageReport) -> list[Html]:
    return [
        note(
            "The images with the largest error, which no sum of the parts makes. Several of one kind are a part that "
            "is missing: find more parts."
        ),
        tag("ul", [_image(one, {}) for one in report.worst], class_="gallery pairs"),
    ]


def _similar(report: ImageReport) -> list[Html] | None:
    if not report.pairs:
        return None
    some = f" They were looked for among {report.compared:,} images." if report.compared < report.images else ""
    return [
        note(
            "The number is the mean of two cosines, between what the parts make of both images and between both images "
            "in few pixels: 1 for the same. An image stands in one pair alone; copies of an image are left out."
            f"{some}"
        ),
        tag("ul", [_pair(pair) for pair in report.pairs], class_="gallery pairs"),
    ]


def _pair(pair: ImagePair) -> Html:
    names = [tag("span", name, dir="auto", class_="id") for name in pair.names]
    pictures = [_img(picture, name) for picture, name in zip(pair.pictures, pair.names, strict=True)]
    return tag(
        "li", tag("div", pictures, class_="beside"), tag("p", names), tag("p", f"{pair.score:.3f}", class_="facts")
    )


def _model(report: ImageReport) -> list[Html]:
    return [tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for value, name in report.figures])]


def _to(part: int) -> Html:
    return tag("a", f"part {part}", href=f"#part-{part}", class_="to-topic")


def _img(picture: Picture, alt: str) -> Html:
    return tag(
        "img", src=picture.uri, alt=alt, width=picture.width, height=picture.height,
        class_="coarse" if picture.coarse else None,
    )  # fmt: skip
