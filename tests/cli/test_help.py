"""What --help shows, and what it costs: it imports nothing that computes or reads."""

import subprocess
import sys

import pytest

from partwise import parameters
from partwise.cli import command, over_time
from partwise.cli.main import COMMANDS
from partwise.topics import timeline

ASK = """
import sys
sys.argv[1:] = [*{words!r}, "--help"]
try:
    from partwise.cli.main import main
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "words", [[], *([name] for name in COMMANDS)], ids=lambda words: " ".join(["partwise", *words])
)
def test_help_imports_no_library_but_those_that_draw_text(words):
    asked = [sys.executable, "-c", ASK.format(words=words)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: partwise")
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    others = {name for name in loaded - sys.stdlib_module_names if not name.startswith("_")}
    assert others <= {"click", "partwise", "rich", "distutils-precedence"}


def test_what_options_repeat_of_modules_that_they_do_not_import_is_the_same():
    assert command.LARGEST_SEED == parameters.LARGEST_SEED
    assert over_time.BINS == timeline.BINS
