# SPDX-License-Identifier: BSD-2-Clause
"""Makes the sources of the site: the pages of the repository where they are, so that their links hold, and the reference.

    site.py COMMAND EXAMPLE DIR
"""
import pathlib
import re
import sys

import command
import docstrings
import options

INDEX = "docs/index.md"
LINK = re.compile(r"(?<!\\)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def prose(text):
    """Text without what is code: fenced blocks, indented ones, `code`."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^ {4}.*$", "", text, flags=re.M))


def escape(text):
    """Text for Markdown, `code` left as it is."""
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(p if i % 2 else re.sub(r"([\\*_<>\[\]#$|^~{}&])", r"\\\1", p) for i, p in enumerate(parts))


def cell(text):
    return escape(text).replace("\n", " ") or " "


def option_code(text):
    return "`" + text.replace("|", "\\|") + "`"


def render(blocks):
    out = []
    for block in blocks:
        if block.kind == "verbatim":
            out += ["```", *block.lines, "```", ""]
        elif block.kind == "items":
            for names, text in block.items:
                out += [", ".join(f"`{n}`" for n in names), ": " + (escape(text) or "as it says"), ""]
        else:
            out += [escape(block.lines[0]), ""]
    return out


def function_page(function, types):
    declaration = docstrings.broken(function.prototype) if function.parameters else [function.prototype]
    out = [f"# {function.name}", "", escape(function.brief), "", "```c", f"#include <{function.include}>", "", *declaration, "```", ""]
    out += [function.collective + ("" if function.collective.endswith(".") else "."), ""] if function.collective else []
    out += render(function.description)
    for title, blocks in function.sections:
        out += [f"## {title}", "", *render(blocks)]
    if function.types:
        out += ["## Types", ""]
        for name in function.types:
            comment, code = docstrings.parts_of(types[name])
            lines = code.split("\n") if "{" in code else docstrings.broken(code)
            out += [*render(docstrings.paragraphs(comment)), "```c", *lines, "```", ""]
    return out + ["## See also", "", ", ".join(f"`{s}`" for s in function.see), "", f"Level: {function.level}", ""]


def header_page(header):
    out = [f"# {header.name}: {header.brief}", "", "```c", f"#include <{header.path}>", "```", "", *render(header.text)]
    return out + ["## Declarations", "", "```c", *header.code.split("\n"), "```", ""]


def functions_index(functions, headers):
    out = ["Those of `costate.h` are what applications call; the other headers are for tools and extensions.", ""]
    for path in docstrings.costate_h() + sorted({f.header for f in functions.values()} - set(docstrings.costate_h())):
        members = [f for f in functions.values() if f.header == path]
        whole = [h for h in headers if h.path == path]
        out += [f"## {path}", ""] if members or whole else []
        out += [f"- [{h.name}](functions/{h.name}.md): {h.brief}, {len(h.functions)} functions" for h in whole]
        out += [f"- [{f.name}](functions/{f.name}.md): {escape(f.brief)}" for f in members] + [""]
    return out + ["```{toctree}", ":hidden:", *[f"functions/{n}" for n in [h.name for h in headers] + list(functions)], "```", ""]


def options_page(groups):
    out = ["As the library prints them with `-help`. A name of this family that is none is an error. "
           "Those of a `TS`, of its trajectory and of a `Costate` take the prefix of their object.", ""]
    for title, text, rows in groups:
        out += [f"## {title}", "", text, "", "| option | what | default |", "|---|---|---|"]
        for o in rows:
            default = o.default if " " in o.default else option_code(o.default) if o.default else " "
            function = f" (`{o.function}()`)" if o.function and not o.function.startswith("Petsc") else ""
            out.append(f"| {option_code(o.name)} | {cell(o.text)}{function} | {default} |")
        out.append("")
    return out + ["Integrators and solvers have options of PETSc's with a prefix of their own:", "",
                  *[f"- `{p}...`" for p in options.PREFIXES], ""]


def command_page(program):
    _, rows = command.commands(program)
    out = [*render(command.INTRODUCTION), escape(command.STATUS), ""]
    for name, text in rows:
        out += [f"## {name}", "", escape(text), "", "```", *command.help_of(program, name), "```", ""]
    return out


class Site:
    def __init__(self, root):
        self.root, self.pages, self.bad = pathlib.Path(root), {}, []

    def take(self, path):
        """A page of the repository, and the files that it links to."""
        if path in self.pages:
            return
        text = pathlib.Path(path).read_text()
        self.pages[path] = text
        for target, _ in LINK.findall(prose(text)):
            if re.match(r"[a-z]+:", target):
                continue
            file = pathlib.Path(path).parent / target
            name = str(pathlib.Path(*file.parts)) if ".." not in file.parts else str(file.resolve().relative_to(pathlib.Path().resolve()))
            if file.is_dir():
                self.bad.append(f"{path}: the link to {target} is one to a folder: name its README.md")
            elif not file.exists():
                self.bad.append(f"{path}: a link to {target}, which does not exist")
            elif file.suffix != ".md":
                self.pages[name] = file.read_bytes()
            elif name not in self.pages:
                self.take(name)

    def index(self, generated):
        """The index with the contents that its links are, and an error where a page is not in it."""
        text = self.pages[INDEX]
        listed, out = [], [text.rstrip(), "", *[f"- [{title}](../{page}.md)" for page, title in generated], ""]
        for part in re.split(r"^## ", text, flags=re.M)[1:]:
            caption = part.split("\n", maxsplit=1)[0]
            pages = [str((pathlib.Path("docs") / t).resolve().relative_to(pathlib.Path().resolve())) for t, _ in LINK.findall(part)]
            listed += pages
            entries = ["/" + p.removesuffix(".md") for p in pages] or ["/" + page for page, _ in generated]
            out += ["```{toctree}", ":hidden:", f":caption: {caption}", "", *entries, "```", ""]
        self.pages[INDEX] = "\n".join(out)
        everything = [str(p) for p in [*pathlib.Path("docs").rglob("*.md"), *pathlib.Path("examples").glob("*/README.md")]]
        for page in sorted([*everything, *(p for p in self.pages if p.endswith(".md") and not p.startswith("reference/"))]):
            if page not in listed and page != INDEX and f"{page}: it is not in {INDEX}" not in self.bad:
                self.bad.append(f"{page}: it is not in {INDEX}")

    def write(self):
        """What has changed alone, so that the builder does not read it all again."""
        for old in sorted(self.root.rglob("*"), reverse=True):
            if old.is_file() and str(old.relative_to(self.root)) not in self.pages:
                old.unlink()
        for name, content in self.pages.items():
            file = self.root / name
            data = content if isinstance(content, bytes) else content.encode()
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists() or file.read_bytes() != data:
                file.write_bytes(data)


def stop_if(bad):
    if bad:
        sys.exit("\n".join(dict.fromkeys(bad)))


def main(program, example, directory):
    functions, headers, types = docstrings.read_or_exit()
    titles = [("reference/options", "The options"), ("reference/command", "The command costate"), ("reference/functions", "The functions")]
    site = Site(directory)
    site.take(INDEX)
    site.index(titles)
    stop_if(site.bad)
    groups = options.collect(program, example)
    texts = {page: text for page, text in site.pages.items() if page.endswith(".md")}
    texts.update({f.file: pathlib.Path(f.file).read_text() for f in functions.values()})
    stop_if([f"{file}: there is no option {o}" for file, text in texts.items() for o in options.strangers(options.known(groups), text)])
    contents = [options_page(groups), command_page(program), functions_index(functions, headers)]
    generated = {page: [f"# {title}", "", *lines] for (page, title), lines in zip(titles, contents)}
    generated.update({f"reference/functions/{f.name}": function_page(f, types) for f in functions.values()})
    generated.update({f"reference/functions/{h.name}": header_page(h) for h in headers})
    site.pages.update({f"{page}.md": "\n".join(lines) for page, lines in generated.items()})
    site.pages["functions.txt"] = "".join(
        [f"{f} {f}\n" for f in functions] + [f"{f} {h.name}\n" for h in headers for f in h.functions])
    site.write()


if __name__ == "__main__":
    main(*sys.argv[1:])
