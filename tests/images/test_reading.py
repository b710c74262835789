"""Folders of images as stacks: orders, sizes and kinds of pixels, and files that are hostile or no images."""

import os
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from partwise.exceptions import DataError, MissingExtraError, ParameterError
from partwise.images import read_folder, read_image

RAMP = np.arange(48, dtype=np.uint8).reshape(8, 6)


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def test_a_folder_is_read_in_the_order_of_names_with_those_within(save):
    for i, name in enumerate(["b.png", "a.bmp", "c/d.png"]):
        folder = save(name, RAMP + np.uint8(i))
    stack = read_folder(folder)
    assert stack.names == ["a.bmp", "b.png", os.path.join("c", "d.png")]
    np.testing.assert_array_equal(stack.pixels, [RAMP + 1, RAMP, RAMP + 2], strict=True)
    assert stack.mask is None
    assert not stack.notes
    np.testing.assert_allclose(stack.rows()[1], RAMP.ravel() / 255, rtol=1e-6)
    assert stack.rows().dtype == np.float32


def test_a_folder_is_read_where_the_system_does_not_tell_its_memory(save, monkeypatch):
    monkeypatch.delattr(os, "sysconf")
    assert len(read_folder(save("a.png", RAMP))) == 1


def test_hidden_files_and_folders_are_left_out_without_a_word(save):
    save(".thumb.png", RAMP)
    save(".cache/a.png", RAMP)
    assert read_folder(save("a.png", RAMP)).names == ["a.png"]


def test_files_of_other_kinds_are_left_out_and_counted(save):
    folder = save("a.png", RAMP)
    (folder / "labels.csv").write_text("a,b")
    assert read_folder(folder).notes == ["1 file left out, no images by their names, such as labels.csv"]


@pytest.mark.parametrize("content", [b"", b"no image", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n"])
def test_a_file_that_is_no_image_is_named(save, content):
    folder = save("a.png", RAMP)
    (folder / "b.png").write_bytes(content)
    with pytest.raises(DataError, match=r"^b\.png is not an image that Pillow can read"):
        read_folder(folder)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.gif", "a.tif", "a.webp", "a.bmp"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_a_file_that_is_cut_short_is_named_or_read_whole(save, name, kept):
    noise = np.random.default_rng(0).integers(0, 256, (40, 30), dtype=np.uint8)
    folder = save(name, noise)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(kept * len(content))])
    with pytest.raises(DataError, match=r"^a\.\w+ is (a damaged image|not an image)"):
        read_folder(folder)


@pytest.mark.parametrize("seed", range(60))
def test_whatever_bytes_are_changed_a_folder_is_read_or_the_file_named(save, seed):
    rng = np.random.default_rng(seed)
    name = ["a.png", "a.jpg", "a.gif", "a.tif", "a.webp", "a.bmp"][seed % 6]
    folder = save(name, rng.integers(0, 256, (20, 16, 3), dtype=np.uint8))
    content = bytearray((folder / name).read_bytes())
    for at in rng.integers(0, min(len(content), 200), 4):
        content[at] = rng.integers(256)
    (folder / name).write_bytes(content)
    said = ""
    try:
        read_folder(folder, max_memory="64MiB")
    except DataError as error:
        said = str(error)
    assert not said or name in said or "MiB are allowed" in said


def test_an_image_that_says_it_is_huge_is_not_decoded(save):
    folder = save("a.png", RAMP)
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )
    (folder / "bomb.png").write_bytes(bomb)
    with pytest.raises(DataError, match=r"^bomb\.png says that it has more than [\d,]+ pixels"):
        read_folder(folder, size=8)


def test_a_folder_larger_than_memory_is_refused_with_figures_before_pixels_are_read(save):
    for name in "abcd":
        folder = save(f"{name}.png", np.zeros((200, 100), np.uint8))
    with pytest.raises(DataError, match=r"4 images of 200 x 100 take 390\.6 KiB of memory, and 97\.7 KiB are allowed"):
        read_folder(folder, max_memory=100_000)
    assert read_folder(folder, 50, max_memory=100_000).shape == (50, 50)


def test_images_of_several_sizes_are_refused_with_the_odd_one_and_a_way_out(save):
    save("a.png", RAMP)
    save("b.png", RAMP)
    folder = save("c.png", RAMP[:5])
    with pytest.raises(DataError, match=r"c\.png is 5 x 6 \(height x width\), while 2 of 3 are 8 x 6\. .*size=6"):
        read_folder(folder)
    stack = read_folder(folder, (4, 6))
    assert stack.pixels.shape == (3, 4, 6)
    assert stack.notes == ["images of 2 sizes scaled to 4 x 6 (height x width)"]


def test_scaling_keeps_proportions_and_the_middle(save):
    wide = np.zeros((8, 24), np.uint8)
    wide[:, 8:16] = 200
    np.testing.assert_array_equal(read_folder(save("a.png", wide), 8).pixels[0], np.full((8, 8), 200), strict=False)


@pytest.mark.parametrize(
    ("mode", "shape"),
    [("1", (8, 6)), ("L", (8, 6)), ("P", (8, 6, 3)), ("RGB", (8, 6, 3)), ("CMYK", (8, 6, 3)), ("RGBA", (8, 6, 3))],
)
def test_modes_are_kept_grey_or_in_colour(save, mode, shape):
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 6, 3), dtype=np.uint8)).convert(mode)
    folder = save("a.tif", image)
    assert read_folder(folder).shape == shape
    assert read_folder(folder, colour="grey").shape == (8, 6)
    assert read_folder(folder, colour="rgb").shape == (8, 6, 3)


def test_one_image_in_colour_makes_all_so_and_three_equal_channels_are_grey(save):
    save("a.png", RAMP)
    folder = save("b.png", np.dstack([RAMP, RAMP, RAMP]))
    assert read_folder(folder).shape == (8, 6)
    stack = read_folder(save("c.png", np.dstack([RAMP, RAMP, 2 * RAMP])))
    np.testing.assert_array_equal(stack.pixels[0], np.dstack([RAMP, RAMP, RAMP]))


@pytest.mark.parametrize("first", [8, 16])
def test_sixteen_bits_are_kept(save, first):
    deep = (RAMP.astype(np.uint16) + 1) * 1000
    save("a.png", RAMP if first == 8 else deep)
    folder = save("b.png", deep if first == 8 else RAMP)
    stack = read_folder(folder)
    assert stack.pixels.dtype == np.float32
    expected = [RAMP / 255, deep / 65535]
    np.testing.assert_allclose(stack.pixels, expected if first == 8 else expected[::-1], atol=1e-6)
    np.testing.assert_allclose(read_image(folder / "a.png"), stack.pixels[0])
    assert read_folder(folder, 4).pixels.max() <= 1


def test_floats_beyond_1_are_refused_and_those_below_read(save):
    values = RAMP.astype(np.float32)
    with pytest.raises(DataError, match=r"a\.tif has pixels of mode 'F' beyond 0 to 1"):
        read_folder(save("a.tif", values))
    np.testing.assert_array_equal(read_folder(save("a.tif", values / 48)).pixels[0], values / 48, strict=True)


def test_a_camera_held_sideways_is_set_upright(save):
    turned = Image.fromarray(np.rot90(RAMP))
    exif = turned.getexif()
    exif[0x0112] = 6
    folder = save("a.png", turned, exif=exif)
    save("b.png", RAMP)
    np.testing.assert_array_equal(read_folder(folder).pixels, [RAMP, RAMP])


@pytest.mark.parametrize(("background", "below"), [("white", 255), ("black", 0), ("unknown", None)])
def test_transparent_pixels_lie_on_a_background_or_are_unknown(save, background, below):
    alpha = np.full((8, 6), 255, np.uint8)
    alpha[:2] = 0
    folder = save("a.png", np.dstack([RAMP, RAMP, RAMP, alpha]))
    save("b.png", RAMP)
    stack = read_folder(folder, background=background)
    np.testing.assert_array_equal(stack.pixels[0, 2:], RAMP[2:])
    if below is None:
        assert np.isnan(stack.images()[0, :2]).all()
        assert np.isfinite(stack.images()[1]).all()
        assert np.isnan(read_image(folder / "a.png", background=background)[:2]).all()
    else:
        assert (stack.pixels[0, :2] == below).all()
        assert stack.mask is None
    assert "1 image with transparent pixels, such as a.png" in stack.notes[0]


def test_a_transparent_colour_of_a_palette_is_transparent(save):
    image = Image.fromarray(RAMP % 2).convert("P")
    folder = save("a.png", image, transparency=0)
    assert (read_folder(folder).pixels[0] == 255).any()


def test_the_first_frame_of_an_animation_is_taken_and_told(save):
    frames = [Image.fromarray(RAMP + np.uint8(shift)) for shift in (0, 100)]
    stack = read_folder(save("a.gif", frames[0], save_all=True, append_images=frames[1:]))
    np.testing.assert_array_equal(stack.pixels[0], RAMP)
    assert stack.notes == ["of 1 image with several frames, such as a.gif, the first is taken"]


def test_a_folder_without_images_says_what_it_has(tmp_path):
    with pytest.raises(DataError, match=r"has no images by the endings of their names\. Give"):
        read_folder(tmp_path)
    (tmp_path / "a.csv").write_text("1")
    with pytest.raises(DataError, match=r"it has other files, such as a\.csv"):
        read_folder(tmp_path)
    with pytest.raises(DataError, match="is a file"):
        read_folder(tmp_path / "a.csv")
    with pytest.raises(FileNotFoundError):
        read_folder(tmp_path / "none")


def test_a_pipe_is_refused_and_a_loop_of_links_ends(save, tmp_path):
    folder = save("a.png", RAMP)
    (folder / "loop").symlink_to(folder)
    assert read_folder(folder).names == ["a.png"]
    os.mkfifo(folder / "b.png")
    with pytest.raises(DataError, match="is a device or a pipe"):
        read_folder(folder)


def test_how_far_reading_is_is_told(folder, stripes):
    reached = []
    read_folder(folder, progress=reached.append)
    assert reached == [*range(1, len(stripes) + 1)]


@pytest.mark.parametrize(
    "given", [{"size": 0}, {"size": (1, 2, 3)}, {"size": "8"}, {"colour": "gray"}, {"background": "red"}]
)
def test_a_parameter_that_is_none_is_refused(folder, given):
    with pytest.raises(ParameterError, match=next(iter(given))):
        read_folder(folder, **given)


def test_without_pillow_the_extra_is_named(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtraError, match=r"partwise\[images\]"):
        read_folder(folder)
