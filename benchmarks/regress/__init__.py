"""Time, peak memory and final loss of partwise from commit to commit, with asv: a gain in one must not cost another.

In benchmarks/: `asv run --quick --python=same` for this environment, `asv run main~5..main` for commits, `asv publish`
for the pages. The suite needs partwise alone, so that it runs on old commits too.
"""
