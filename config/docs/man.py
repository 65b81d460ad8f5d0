# SPDX-License-Identifier: BSD-2-Clause
"""Manual pages: section 3 from the docstrings, section 1 from what the command says of itself.

    man.py COMMAND DIR          writes DIR/man1 and DIR/man3
"""
import os
import pathlib
import re
import sys
import time

import command
import docstrings


def date(*files):
    """The same for the same sources: SOURCE_DATE_EPOCH, or when they were changed."""
    when = os.environ.get("SOURCE_DATE_EPOCH") or max(os.stat(f).st_mtime for f in files)
    return time.strftime("%Y-%m-%d", time.gmtime(float(when)))


def version():
    return re.search(r'COSTATE_VERSION\s+"([^"]+)"', pathlib.Path("include/costate.h").read_text()).group(1)


def plain(text):
    """Text that troff takes as it is; what could be typed has a minus and no hyphen."""
    text = text.replace("\\", "\\e")
    text = re.sub(r"(?<![\w-])-(?=[\w.])|(?<=\w)-(?=-)", r"\\-", text)
    return re.sub(r"^([.'])", r"\\&\1", text)


def inline(text):
    """`name` is bold, and so is an option."""
    parts = re.split(r"`([^`]+)`", text)
    for i, part in enumerate(parts):
        if i % 2:
            parts[i] = r"\fB" + plain(part).removeprefix(r"\&") + r"\fR"
        else:
            parts[i] = re.sub(r"(?<![\w-])(\\-[a-z][\w]*(?:\.\.\.)?)", r"\\fB\1\\fR", plain(part))
    return re.sub(r"^([.'])", r"\\&\1", "".join(parts))


def verbatim(lines):
    return [".RS 4", ".nf", *[re.sub(r"^([.'])", r"\\&\1", v.replace("\\", "\\e").replace("-", r"\-")) for v in lines],
            ".fi", ".RE"]


def render(blocks):
    """Blocks below a heading, which needs no .PP of its own."""
    out = []
    for block in blocks:
        if block.kind == "verbatim":
            out += ([".PP"] if out else []) + verbatim(block.lines)
        elif block.kind == "items":
            for names, text in block.items:
                tag = ", ".join(names)
                out += [".TP", inline(tag) if tag.startswith("-") else rf"\fI{plain(tag)}\fR", inline(text)]
        else:
            out += ([".PP"] if out else []) + [inline(block.lines[0])]
    return out


def heading(title, section, files):
    return [f'.\\" made from {", ".join(files)}', f'.TH {title} {section} "{date(*files)}" "Costate {version()}" "Costate"',
            ".nh", ".ad l"]  # names are neither hyphenated nor pulled apart


def whole(argument):
    """Not to be broken, but for functions, which are long."""
    return argument if "(" in argument else argument.replace(" ", r"\ ")


def declaration(text):
    """A prototype, broken at commas, with the names of its parameters in italics."""
    name, arguments = re.match(r"(.*?)\((.*)\);$", text).groups()
    parts = docstrings.split_arguments(arguments)
    marked = []
    for part in parts:
        argument = docstrings.argument_name(part)
        marked.append(re.sub(rf"\b{argument}\b(?=[^\w]*$|\)\()", rf"\\fI{argument}\\fB", part) if part != "void" else part)
    return [".HP 4", rf"\fB{name}(" + ", ".join(map(whole, marked or ["void"])) + r");\fR"]


def type_of(text):
    """The comment before a type as text, and the type."""
    comment, code = docstrings.parts_of(text)
    out = render(docstrings.paragraphs(comment))
    if "{" in code:
        return out + [".PP"][:len(out)] + verbatim(code.split("\n"))
    head, arguments = re.match(r"(typedef .*?\(\*\w+\))\((.*)\);$", code).groups()
    return out + [".HP 4", rf"\fB{plain(head)}({', '.join(map(whole, docstrings.split_arguments(arguments)))});\fR"]


def function_page(function, ours, types):
    out = heading(function.name, 3, [function.file])
    out += [".SH NAME", f"{function.name} \\- {plain(function.brief.replace('`', ''))}"]
    out += [".SH SYNOPSIS", rf"\fB#include <{function.include}>\fR"]
    if function.prototype.startswith("#"):
        out += [".PP", rf"\fB{function.prototype}\fR"]
    elif function.prototype:
        out += declaration(function.prototype)
    if function.description or function.collective:
        out += [".SH DESCRIPTION"]
        if function.collective:
            out += [inline(function.collective) + ("" if function.collective.endswith(".") else ".")]
        out += ([".PP"] if function.collective and function.description else []) + render(function.description)
    parameters = [s for s in function.sections if s[0].startswith(docstrings.PARAMETERS)]
    if parameters:
        out += [".SH PARAMETERS"]
        for title, blocks in parameters:
            out += [f".SS {title.replace(' Parameters', '').replace(' Parameter', '')}"] + render(blocks)
    if function.types:
        out += [".SH TYPES"]
        for i, name in enumerate(function.types):
            shown = type_of(types[name])
            out += [".PP"] * (i > 0 and not shown[0].startswith(".HP")) + shown
    for title, blocks in function.sections:
        if (title, blocks) not in parameters:
            plural = {"Note": "NOTES", "Options Database Key": "OPTIONS DATABASE KEYS"}.get(title, title.upper())
            if title.startswith("Calling"):
                plural = "CALLING SEQUENCE OF " + title.split(" of ")[1]
            out += [f".SH {plural}"] + render(blocks)
    out += [".SH LEVEL", function.level]
    return out + see(function.see, ours)


def see(names, ours):
    out = []
    for name in names:
        bare = name.removesuffix("()")
        out.append(rf"\fB{bare}\fR(3)" if bare in ours else rf"\fB{plain(name)}\fR")
    return [".SH SEE ALSO", *[o + "," for o in out], r"\fBcostate\fR(1)"]


def header_page(header):
    file = "include/" + header.path
    out = heading(header.name, 3, [file])
    out += [".SH NAME", f"{', '.join([header.name] + header.functions)} \\- {plain(header.brief)}"]
    out += [".SH SYNOPSIS", rf"\fB#include <{header.path}>\fR", ".SH DESCRIPTION", *render(header.text)]
    return out + [".SH DECLARATIONS", *verbatim(header.code.split("\n")), ".SH SEE ALSO", r"\fBcostate\fR(1)"]


def command_page(program):
    _, rows = command.commands(program)
    out = heading("costate", 1, ["src/cli/main.c", *map(str, sorted(pathlib.Path("src/cli").glob("*.c")))][:1])
    out += [".SH NAME", "costate \\- gradients of time integrations: plans, tries, checks and looks into what was kept"]
    out += [".SH SYNOPSIS", rf"\fBcostate\fR \fICOMMAND\fR [\fB\-option\fR \fIvalue\fR ...]"]
    out += [".SH DESCRIPTION", *render(command.INTRODUCTION)]
    for name, text in rows:
        out += [".TP", rf"\fB{name}\fR", inline(text)]
    out += [".SH COMMANDS"]
    for name, _ in rows:
        lines = command.help_of(program, name)
        out += [f".SS {name}", rf"\fB{plain(lines[0].removeprefix('usage: '))}\fR"]
        for block in command.blocks(lines[1:]):
            out += ([".PP"] if block.kind == "para" else []) + render([block])
    out += [".SH ENVIRONMENT", ".TP", r"\fBPETSC_OPTIONS\fR", inline(command.ENVIRONMENT)]
    out += [".SH EXIT STATUS", inline(command.STATUS)]
    return out + [".SH SEE ALSO", r"\fBCostateCreate\fR(3),", r"\fBTSTRAJECTORYCOSTATE\fR(3),", r"\fBPCTRANSPOSABLE\fR(3),",
                  r"\fBcostate_sched\fR(3)"]


def main(program, directory):
    functions, headers, types = docstrings.read_or_exit()
    pages = {f"man3/{n}.3": function_page(f, functions, types) for n, f in functions.items()}
    for header in headers:
        pages[f"man3/{header.name}.3"] = header_page(header)
        pages.update({f"man3/{n}.3": [f".so man3/{header.name}.3"] for n in header.functions})
    pages["man1/costate.1"] = command_page(program)
    root = pathlib.Path(directory)
    for section in ("man1", "man3"):
        (root / section).mkdir(parents=True, exist_ok=True)
        for old in (root / section).iterdir():
            if f"{section}/{old.name}" not in pages:
                old.unlink()
    for name, lines in pages.items():
        (root / name).write_text("\n".join(lines) + "\n")
    print(f"{len(pages)} manual pages in {directory}")


if __name__ == "__main__":
    main(*sys.argv[1:])
