"""What users of the command line read speaks of options, and asks for the word that was meant."""

import click
import pytest

from partwise.cli.main import COMMANDS, group
from partwise.cli.wording import SPELLED, in_options


def command(name):
    return group.get_command(click.Context(group), name)


def told(name, message):
    return in_options(message, command(name))


@pytest.mark.parametrize(
    ("name", "message", "said"),
    [
        ("topics", "Give encoding='cp1252' for it.", "Give --encoding cp1252 for it."),
        ("topics", "Give encoding='cp1252' (--encoding cp1252) for it.", "Give --encoding cp1252 for it."),
        ("topics", "Name one with text_column (--text).", "Name one with --text."),
        ("topics", "n_topics must be positive; got 0.", "--topics must be positive; got 0."),
        ("topics", "language='xx' is not known.", "--lang xx is not known."),
        ("topics", "as encoding; give encoding=... if not", "as encoding; give --encoding if not"),
        ("topics", "raise max_iter, or tol", "raise max_iter, or tol"),
        ("fit", "raise max_iter, or tol", "raise --max-iter, or tol"),
        ("fit", "Pass missing_values=np.nan, or missing_values=0.", "Pass --missing nan, or --missing zero."),
        ("fit", "sample_weight has 1e+300", "--weights has 1e+300"),
        (
            "fit",
            "Give beta_loss='kullback-leibler'; a.b_c, 'n_components'",
            "Give --loss kullback-leibler; a.b_c, 'n_components'",
        ),
        ("fit", "data/n_components.csv, line 3", "data/n_components.csv, line 3"),
        ("rank", "resume='my file' is not one of choose_rank", "--resume 'my file' is not one of \"partwise rank\""),
        ("consensus", "use resample='bootstrap'.", "use --resample bootstrap."),
        ("recommend", "half_life=-1 is no", "--half-life -1 is no"),
    ],
)
def test_parameters_become_options_of_the_command(name, message, said):
    assert told(name, message) == said


def test_a_limit_that_a_command_does_not_offer_is_not_advised():
    warned = "Maximum number of iterations 200 reached. Increase it to improve convergence."
    assert told("fit", warned) == "Maximum number of iterations 200 reached. Raise --max-iter to improve convergence."
    assert told("topics", warned) == "Maximum number of iterations 200 reached."
    assert in_options(warned, None) == warned


def test_every_spelling_is_one_of_an_option():
    options = {opt for name in COMMANDS for param in command(name).params for opt in param.opts}
    assert {option for spelled in SPELLED.values() for option in spelled} <= options


@pytest.mark.parametrize(
    ("words", "meant"),
    [(["topcs", "a.csv"], "topics"), (["over_time"], "over-time"), (["fit", "--weigths", "3"], "--weights")],
)
def test_a_slip_of_the_pen_is_answered_by_the_word_that_was_meant(run, words, meant):
    said = run(*words, code=2).stderr.replace("'", "")  # click 8.2 quotes options less
    assert f"Did you mean {meant}?" in said


def test_a_word_that_is_like_no_command_is_refused_plainly(run):
    assert run("xyzzy", code=2).stderr.endswith("Error: there is no command 'xyzzy'.\n")


@pytest.mark.parametrize("asked", ["utf-8", "utf-16"])
def test_an_encoding_that_does_not_fit_is_told_by_its_option(run, tmp_path, asked):
    path = tmp_path / "a.csv"
    path.write_bytes("text\nna\xefve \n".encode("cp1252"))
    said = run("topics", path, "--encoding", asked, code=2).stderr
    assert "--encoding" in said
    assert "encoding=" not in said
