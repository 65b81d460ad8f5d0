# SPDX-License-Identifier: BSD-2-Clause
"""How Sphinx builds the site."""
import pathlib
import re

from docutils import nodes
from docutils.utils.math import latex2mathml
from sphinx.transforms.post_transforms import SphinxPostTransform

project = "Costate"
author = "the authors of Costate"
extensions = ["myst_parser"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 4
root_doc = "docs/index"
exclude_patterns = []
highlight_language = "none"
nitpicky = True
smartquotes = False  # quotes and minus signs are often meant to be typed
html_theme = "alabaster"
html_theme_options = {
    "description": "gradients of PETSc time integrators at any scale",
    "fixed_sidebar": False,
    "page_width": "1300px",
    "body_max_width": "auto",
    "sidebar_width": "270px",
}
html_title = "Costate"
html_extra_path = ["index.html"]
html_static_path = ["static"]
html_css_files = ["costate.css"]
html_show_sourcelink = False
html_copy_source = False
html_show_copyright = False
html_math_renderer = "mathml"


class LinkFunctions(SphinxPostTransform):
    """`CostateCreate()` in a text leads to the page of that function."""

    default_priority = 200
    formats = ("html",)

    def run(self, **kwargs):
        pages = self.config.costate_functions
        for literal in list(self.document.findall(nodes.literal)):
            name = literal.astext().removesuffix("()")
            target = f"reference/functions/{pages.get(name)}"
            if name not in pages or target == self.env.docname or isinstance(literal.parent, nodes.reference):
                continue
            uri = self.app.builder.get_relative_uri(self.env.docname, target)
            reference = nodes.reference("", "", refuri=uri, internal=True)
            literal.replace_self(reference)
            reference += literal


def mathml(text, block):
    """What browsers show by themselves: no script, no fonts from elsewhere."""
    text = re.sub(r"\s+", " ", re.sub(r"\\[bB]igg?[lr]?(?![A-Za-z])", "", text)).strip()  # brackets grow by themselves
    text = re.sub(r"\\(log|exp|sin|cos|tan)\s*(?=[A-Za-z\\])", r"\\\1\\,", text)  # functions stand apart from their arguments
    try:
        return latex2mathml.tex2mathml(text, inline=not block)
    except TypeError:  # docutils 0.22 and newer
        return latex2mathml.tex2mathml(text, as_block=block)


def visit_math(self, node):
    self.body.append(mathml(node.astext(), False))
    raise nodes.SkipNode


def visit_math_block(self, node):
    self.body.append('<div class="math">' + mathml(node.astext(), True) + "</div>\n")
    raise nodes.SkipNode


def setup(app):
    lines = pathlib.Path(app.srcdir, "functions.txt").read_text().split("\n")
    app.add_config_value("costate_functions", dict(line.split() for line in lines if line), "html")
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.add_post_transform(LinkFunctions)
