"""Writing files: whole or not at all, and nothing but a regular file is ever replaced."""

import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import threading

import pytest

from partwise.io import writing
from partwise.io.writing import write_bytes

WRITES_FOR_EVER = """
import sys
from partwise.io.writing import write_bytes
print("begun", flush=True)
while True:
    write_bytes(sys.argv[1], b"x" * 3_000_000)
"""


@pytest.fixture(params=["unnamed", "named"])
def way(request, monkeypatch):
    """Write by a temporary file without a name, and by one that has one, as on systems without the other."""
    if request.param == "named":
        monkeypatch.delattr(os, "O_TMPFILE")
    return request.param


@pytest.mark.usefixtures("way")
class TestBothWays:
    def test_a_new_file_has_the_usual_mode(self, tmp_path):
        write_bytes(tmp_path / "new", b"whole")
        (tmp_path / "usual").touch()
        assert (tmp_path / "new").read_bytes() == b"whole"
        assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode
        assert sorted(found.name for found in tmp_path.iterdir()) == ["new", "usual"]

    @pytest.mark.parametrize("mode", [0o600, 0o664, 0o755])
    def test_an_existing_file_keeps_its_mode_and_owner(self, tmp_path, mode):
        path = tmp_path / "old"
        path.write_bytes(b"old")
        if os.geteuid() == 0:
            os.chown(path, 1234, 2345)
        path.chmod(mode)
        before = path.stat()
        write_bytes(path, b"new")
        after = path.stat()
        assert path.read_bytes() == b"new"
        assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)

    @pytest.mark.parametrize("length", [1, 240, 255])
    def test_names_may_be_as_long_as_the_file_system_allows(self, tmp_path, length):
        for content in (b"first", b"second"):
            write_bytes(tmp_path / ("n" * length), content)
        assert [found.read_bytes() for found in tmp_path.iterdir()] == [b"second"]

    def test_links_stay_links_wherever_they_lead(self, tmp_path):
        (tmp_path / "folder").mkdir()
        for name in ("link", "dangling"):
            (tmp_path / name).symlink_to(tmp_path / "folder" / name)
        (tmp_path / "folder" / "link").write_bytes(b"old")
        for name in ("link", "dangling"):
            write_bytes(tmp_path / name, b"new")
            assert (tmp_path / name).is_symlink()
            assert (tmp_path / "folder" / name).read_bytes() == b"new"

    def test_files_that_a_killed_process_left_are_removed_and_those_of_a_living_one_are_not(self, tmp_path):
        (tmp_path / ".partwise-00000000.tmp").write_bytes(b"left")
        with writing._temporary(str(tmp_path), 0o666) as (file, name):
            if not os.fstat(file).st_nlink:
                os.link(f"/proc/self/fd/{file}", name, src_dir_fd=file)
            write_bytes(tmp_path / "new", b"whole")
            assert sorted(found.name for found in tmp_path.iterdir()) == sorted([os.path.basename(name), "new"])
        assert [found.name for found in tmp_path.iterdir()] == ["new"]

    def test_threads_that_write_the_same_file_leave_one_of_their_contents(self, tmp_path):
        contents = [bytes([65 + t]) * 100_000 for t in range(4)]

        def write(content):
            for _ in range(20):
                write_bytes(tmp_path / "a", content)

        threads = [threading.Thread(target=write, args=(content,)) for content in contents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [found.name for found in tmp_path.iterdir()] == ["a"]
        assert (tmp_path / "a").read_bytes() in contents


def test_a_process_killed_while_it_writes_leaves_nothing_beside_the_file(tmp_path):
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", WRITES_FOR_EVER, str(tmp_path / "a")], stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGKILL)
        process.communicate()
    write_bytes(tmp_path / "a", b"last")
    assert [found.name for found in tmp_path.iterdir()] == ["a"]


def test_a_device_is_written_into(tmp_path):
    write_bytes("/dev/null", b"nothing")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    with pytest.raises(OSError, match="No space left"):
        write_bytes("/dev/full", b"too much")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_a_pipe_is_written_into_if_somebody_reads_it_and_refused_if_not(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(OSError, match="No such device"):
        write_bytes(path, b"lost")
    content, found = b"through" * 100_000, []
    reader = threading.Thread(target=lambda: found.append(path.read_bytes()))
    reader.start()
    while not found and reader.is_alive():
        try:
            write_bytes(path, content)
        except OSError:  # the reader is not there yet
            continue
        break
    reader.join()
    assert found == [content]
    assert path.is_fifo()


def test_a_socket_and_a_folder_are_refused_and_stay(tmp_path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        with pytest.raises(OSError, match="No such device"):
            write_bytes(tmp_path / "socket", b"lost")
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "folder", f"{tmp_path}/absent/"):
        with pytest.raises(OSError, match=r"folder|absent"):
            write_bytes(target, b"lost")
    assert (tmp_path / "socket").is_socket()
    assert sorted(found.name for found in tmp_path.iterdir()) == ["folder", "socket"]


@pytest.mark.parametrize("target", ["", "loop", "absent/file", "file/below"])
def test_a_path_that_leads_nowhere_raises_what_python_raises(tmp_path, monkeypatch, target):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    with pytest.raises(OSError):  # noqa: PT011  each has a type of its own
        write_bytes(target, b"lost")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["file", "loop"]


def test_standard_output_is_written_into_where_it_goes_to_a_file(tmp_path):
    program = "from partwise.io.writing import write_bytes; write_bytes('/dev/stdout', b'written')"
    with open(tmp_path / "a", "ab") as file:
        before = os.fstat(file.fileno()).st_ino
        subprocess.run([sys.executable, "-c", program], stdout=file, check=True)
    assert (tmp_path / "a").stat().st_ino == before
    assert (tmp_path / "a").read_bytes() == b"written"


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
def test_an_open_file_is_written_from_where_it_stands(tmp_path, name):
    (tmp_path / "link").symlink_to("/dev/stdout")
    program = "import os; from partwise.io.writing import write_bytes; os.write(1, b'first '); "
    program += f"write_bytes({name!r}, b'second '); os.write(1, b'third')"
    with open(tmp_path / "a", "wb") as file:
        subprocess.run([sys.executable, "-c", program], stdout=file, check=True, cwd=tmp_path)
    assert (tmp_path / "a").read_bytes() == b"first second third"


def test_files_that_are_not_left_by_a_killed_write_stay(tmp_path):
    names = [".partwise-notes.tmp", ".partwise-0123456789.tmp", ".partwise-0123ABCD.tmp", ".partwise-.tmp"]
    for name in names:
        (tmp_path / name).touch()
    os.mkfifo(tmp_path / ".partwise-01234567.tmp")
    (tmp_path / ".partwise-89abcdef.tmp").touch()
    write_bytes(tmp_path / "a", b"")
    assert {found.name for found in tmp_path.iterdir()} == {*names, ".partwise-01234567.tmp", "a"}


def test_temporary_files_of_other_users_stay(tmp_path, monkeypatch):
    (tmp_path / ".partwise-89abcdef.tmp").touch()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    write_bytes(tmp_path / "a", b"")
    assert (tmp_path / ".partwise-89abcdef.tmp").exists()


def test_a_name_that_was_taken_by_another_file_since_is_not_removed(tmp_path, monkeypatch):
    path, locked = tmp_path / ".partwise-89abcdef.tmp", writing._locked
    path.touch()

    def replaced_meanwhile(file):
        if os.path.exists(path) and os.path.samestat(os.fstat(file), os.stat(path)):
            (tmp_path / "new").write_bytes(b"another")
            os.replace(tmp_path / "new", path)
        return locked(file)

    monkeypatch.setattr(writing, "_locked", replaced_meanwhile)
    write_bytes(tmp_path / "a", b"")
    assert path.read_bytes() == b"another"


def test_a_file_that_has_its_name_is_written_though_its_folder_cannot_be_synced(tmp_path, monkeypatch):
    synced = os.fsync

    def only_files(file):
        if stat.S_ISDIR(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        synced(file)

    monkeypatch.setattr(os, "fsync", only_files)
    write_bytes(tmp_path / "a", b"whole")
    assert (tmp_path / "a").read_bytes() == b"whole"


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_an_error_names_the_file_that_was_asked_for(tmp_path, monkeypatch, code):
    opened = os.open

    def refused(name, flags, *mode):
        if flags & os.O_WRONLY:
            raise OSError(code, os.strerror(code), name)
        return opened(name, flags, *mode)

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(OSError, match=os.strerror(code)) as caught:
        write_bytes(tmp_path / "a", b"lost")
    assert caught.value.filename == str(tmp_path / "a")
    assert caught.value.errno == code
    assert (f"the folder {str(tmp_path)!r} cannot be written" in str(caught.value)) == (code == errno.EACCES)
