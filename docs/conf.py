"""How Sphinx builds the site: `make docs` writes it to docs/_build/html, without network, and warnings are errors."""

import warnings

import matplotlib
from docutils import nodes
from latex2mathml.converter import convert

import partwise

matplotlib.use("agg")
warnings.filterwarnings("error", module="partwise")

project = "partwise"
author = "partwise developers"
project_copyright = author
version = release = partwise.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "reference/backreferences", "examples/sg_execution_times.rst", "sg_execution_times.rst"]
templates_path = ["_templates"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 4

smartquotes_action = "qe"  # quotes and dots, not dashes: an option begins with two of these

autosummary_generate = True
autodoc_typehints = "none"  # docstrings give types, and shapes
numpydoc_show_class_members = False  # the template lists them
copybutton_exclude = ".linenos, .gp, .go"

sphinx_gallery_conf = {
    "examples_dirs": ["../examples"],
    "gallery_dirs": ["examples"],
    "nested_sections": False,  # the buttons that unfold them in the sidebar have no names to be read aloud
    "backreferences_dir": "reference/backreferences",
    "doc_module": ("partwise",),
    "reference_url": {"partwise": None},
    "filename_pattern": r"\.py$",
    "abort_on_example_error": True,
    "capture_repr": (),  # what a line returns is shown only if it is printed
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_signature": False,
    "write_computation_times": False,
    "min_reported_time": 1e9,  # a time of this machine would tell a reader nothing
}

html_math_renderer = "mathml"  # browsers draw it by themselves: no script is fetched
html_theme = "pydata_sphinx_theme"
html_title = "partwise"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = True
html_theme_options = {
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "footer_start": ["copyright"],
    "footer_end": [],
    # Pages of examples have none: they have one heading, and their code needs the width.
    "secondary_sidebar_items": {pages: ["page-toc", "sourcelink"] for pages in ("*", "[!e]*/**")},
}


def _leave_out(app, what, name, found, skip, options):
    """Return True for what scikit-learn's base classes add for its own machinery, such as metadata routing."""
    return True if str(getattr(found, "__module__", "")).startswith("sklearn.utils") else None


def _formula(display):
    def visit(translator, node):
        formula = node.astext()
        if "&" in formula and r"\begin" not in formula:  # lines that belong together
            formula = rf"\begin{{split}}{formula}\end{{split}}"
        drawn = convert(formula, display=display)
        # a formula wider than a phone scrolls, by keys too
        translator.body.append(f'<div class="formula" tabindex="0">{drawn}</div>' if display == "block" else drawn)
        raise nodes.SkipNode

    return visit, None


def setup(app):
    app.add_html_math_renderer("mathml", _formula("inline"), _formula("block"))
    app.connect("autodoc-skip-member", _leave_out)
