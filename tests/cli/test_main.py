"""The command line as a whole: help, exit codes, and errors in one line."""

import errno
import inspect
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

import partwise
from partwise.cli import topics
from partwise.cli.main import COMMANDS, group


def command(name):
    return group.get_command(click.Context(group), name)


def test_the_table_of_commands_says_what_each_command_says():
    for name, sentence in COMMANDS.items():
        assert inspect.getdoc(command(name).callback).splitlines()[0] == sentence


@pytest.mark.parametrize("name", COMMANDS)
def test_help_fits_80_columns_and_shows_an_example(run, name):
    text = run(name, "--help").stdout
    assert f"Example: partwise {name}" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_with_a_value_shows_its_default_or_is_required(name):
    for option in command(name).params:
        if isinstance(option, click.Option) and not option.is_flag:
            assert option.help
            assert option.show_default or option.required, option.name


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(option):
    code = "import atexit, sys; from partwise.cli.main import group; "
    code += "heavy = {'numpy', 'sklearn', 'rich', 'partwise.topics'}; "
    code += "atexit.register(lambda: print(heavy & {*sys.modules}, file=sys.stderr)); "
    code += f"group(['{option}'])"  # which ends the process
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr == "set()\n"


def test_the_program_that_is_installed_tells_the_version(run):
    said = f"partwise {partwise.__version__}\n"
    installed = Path(sys.executable).with_name("partwise")
    assert subprocess.run([installed, "--version"], capture_output=True, text=True, check=True).stdout == said
    assert run("--version").stdout == said


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["topics"],
        ["topics", "absent.csv"],
        ["topics", "news.csv", "--topics", "0"],
        ["topics", "news.csv", "--text", "absent"],
        ["topics", "news.csv", "--out", "absent/a.model"],
        ["fit", "news.csv", "--components", "2", "--out", "a.model"],
        ["fit", ".", "--components", "2", "--out", "a.model"],
        ["similar", "news.csv", "a"],
        ["transform", "news.csv", "news.csv"],
        ["rank", "news.csv"],
        ["rank", "absent.csv"],
        ["consensus", "news.csv", "--components", "2"],
        ["consensus", "news.csv"],
    ],
)
def test_bad_usage_and_bad_input_leave_with_2_and_no_traceback(run, news, monkeypatch, arguments):
    monkeypatch.chdir(news.parent)
    result = run(*arguments, code=2)
    assert result.stdout == ""
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr


def test_debug_adds_the_traceback_and_keeps_the_exit_code(run, news):
    assert "Traceback" in run("topics", news, "--text", "absent", "--debug", code=2).stderr


@pytest.mark.parametrize(
    ("error", "code", "part"),
    [
        (KeyboardInterrupt(), 130, "Interrupted."),
        (MemoryError("8 GiB"), 1, "not enough memory"),
        (ZeroDivisionError("by zero"), 1, "--debug"),
        (partwise.exceptions.MissingExtraError("needs polars"), 1, "needs polars"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "a.csv"), 2, "a.csv: Permission denied"),
        (OSError(errno.EIO, os.strerror(errno.EIO)), 1, "Input/output error"),
    ],
)
def test_every_error_becomes_one_line_and_an_exit_code(run, news, monkeypatch, error, code, part):
    def fails(*args, **settings):
        raise error

    monkeypatch.setattr(topics, "read_documents", fails)
    result = run("topics", news, code=code)
    assert part in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.usefixtures("ctrl_c")  # a process that begins with SIGINT ignored would go on ignoring it
def test_an_interrupt_leaves_with_130(program):
    arguments = [*program, "topics", "-"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdin.write('{"text": "word"}\n' * 100_000)  # more than a pipe holds: returns once the command reads
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert process.returncode == 130
    assert said == "Interrupted.\n"


def test_a_closed_pipe_is_no_error_to_speak_of(program, run, counts):
    out = counts.parent / "a.model"
    run("fit", counts, "--components", 2, "--out", out, "-q")
    arguments = [*program, "transform", out, counts]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        assert process.stderr.read() == ""


def test_no_color_is_respected(run, news):
    colored, plain = (
        run("topics", news, "--topics", 2, env={"FORCE_COLOR": "1"} | more, color=True).stdout
        for more in ({}, {"NO_COLOR": "1"})
    )
    assert "\x1b[1m" in colored
    assert "\x1b[3" not in plain
