"""Messages of the library in the words of the command line: options of the command instead of Python's parameters."""

import re
import shlex

import click

__all__ = ["in_options"]

SPELLED = {
    "beta_loss": ("--loss",),
    "checkpoint_dir": ("--checkpoint",),
    "date_column": ("--date",),
    "entry_weight": ("--weights",),
    "id_column": ("--id",),
    "language": ("--lang",),
    "missing_values": ("--missing",),
    "n_components": ("--components",),
    "n_runs": ("--runs",),
    "n_topics": ("--topics",),
    "n_words": ("--words",),
    "random_state": ("--seed",),
    "sample_weight": ("--weights",),
    "text_column": ("--text", "--text-column"),
}
"""Options whose name is not that of their parameter with dashes for underscores."""
MISSING = {"None": "none", "nan": "nan", "np.nan": "nan", "0": "zero"}
"""The words of --missing for the values of missing_values."""
FUNCTIONS = {"choose_rank": '"partwise rank"'}

BEFORE, AFTER = r"(?<![\w./'\"-])", r"(?![\w/'\"])"
GIVEN = re.compile(BEFORE + r"([a-z][a-z_]*)=('[^']*'|\"[^\"]*\"|\.\.\.|[\w+-]+(?:\.\w+)*)")
NAMED = re.compile(BEFORE + r"([a-z]+(?:_[a-z]+)+)" + AFTER)
TWICE = re.compile(r"(--[a-z-]+(?: [^\s()]+)?) \(\1\)")
MORE_ITERATIONS = " Increase it to improve convergence."
"""The end of scikit-learn's warning, which does not name the parameter."""


def in_options(message: str, command: click.Command | None) -> str:
    """Return a message with options of a command for parameters, as --encoding cp1252 for encoding='cp1252'.

    A parameter without an option in the command stays as it is. Quoted words also stay: they are the user's own.
    """
    if command is None:
        return message
    options = {opt: param for param in command.params for opt in param.opts if isinstance(param, click.Option)}

    def option_of(name: str) -> str | None:
        spelled = (*SPELLED.get(name, ()), f"--{name.replace('_', '-')}")
        return next((option for option in spelled if option in options), None)

    def given(found: re.Match[str]) -> str:
        option, value = option_of(found[1]), found[2].strip("'\"")
        if option is None:
            return found[0]
        if option == "--missing":
            value = MISSING.get(value, value)
        if value == "..." or getattr(options[option], "is_flag", False):
            return option
        return f"{option} {shlex.quote(value)}"

    def named(found: re.Match[str]) -> str:
        return option_of(found[1]) or FUNCTIONS.get(found[1], found[0])

    if message.endswith(MORE_ITERATIONS):
        more = f" Raise {option_of('max_iter')} to improve convergence." if option_of("max_iter") else ""
        message = message.removesuffix(MORE_ITERATIONS) + more
    return TWICE.sub(r"\1", NAMED.sub(named, GIVEN.sub(given, message)))
