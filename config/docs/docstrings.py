# SPDX-License-Identifier: BSD-2-Clause
"""Reads the public headers and the docstrings of the functions that they declare.

A function of include/costate*.h has a docstring in PETSc's layout above its definition, whose parameters are those of the
function.  Headers that are their own manual (WHOLE) need none: their text is the page.
"""
import pathlib
import re
import sys

# header: the name of its page, and what it is, in one line
WHOLE = {
    "costate/sched.h": ("costate_sched", "the checkpoint scheduler, plain C99"),
    "costate/model.h": ("CostateModel", "products with the derivatives of the residual of a TS"),
    "costate/vjp.h": ("CostateVJP", "providers of derivatives, for people who write one"),
}
PARAMETERS = ("Input Parameter", "Output Parameter", "Input/Output Parameter")
LEVELS = ("beginner", "intermediate", "advanced", "developer")
SECTION = re.compile(
    r"  ((?:Input|Output|Input/Output) Parameters?|Options Database Keys?|Notes?|Errors|Calling sequence of [\w ]+):\s*$")


class Block:
    """A paragraph (lines: its one line), lines as they are, or items (names, text)."""

    def __init__(self, kind, lines=None, items=None):
        self.kind, self.lines, self.items = kind, lines or [], items or []


class Function:
    def __init__(self, name, header, prototype):
        self.name, self.header, self.prototype = name, header, prototype
        self.parameters = []
        self.file = ""
        self.brief = self.collective = self.level = ""
        self.description = []
        self.sections = []  # (title, blocks)
        self.see = []
        self.types = []  # names of types of ours that have something to show

    @property
    def include(self):
        return "costate.h" if self.header in costate_h() else self.header


class Header:
    """A header that is its own manual."""

    def __init__(self, path, name, brief, functions, text, code):
        self.path, self.name, self.brief, self.functions, self.text, self.code = path, name, brief, functions, text, code


def costate_h():
    """The headers that <costate.h> brings along, itself included."""
    found = re.findall(r"#include <(costate/[\w.]+)>", pathlib.Path("include/costate.h").read_text())
    return ["costate.h"] + found


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)


def squeeze(text):
    return re.sub(r"\s+", " ", text).strip()


def split_arguments(text):
    depth, part, parts = 0, "", []
    for c in text:
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += c
    return [squeeze(p) for p in parts + [part] if squeeze(p) not in ("", "void")]


def broken(declaration, width=96):
    """The lines of a declaration, broken between its arguments."""
    head, arguments = re.match(r"((?:typedef .*?\(\*\w+\)|.*?\w)\()(.*)\);$", declaration).groups()
    lines = [head]
    for argument in split_arguments(arguments) or ["void"]:
        if len(lines[-1] + argument) > width - 2:
            lines.append(" " * min(len(head), width // 2))
        lines[-1] += argument + ", "
    lines[-1] = lines[-1].removesuffix(", ") + ");"
    return [line.rstrip() for line in lines]


def argument_name(argument):
    m = re.search(r"\(\*+\s*(\w+)\)", argument) or re.search(r"(\w+)\s*(?:\[[^]]*\])*$", argument)
    return m.group(1)


def declarations(path):
    """name: prototype of the functions of a header, in order."""
    found = {}
    text = re.sub(r"^\s*#.*$", "", without_comments(path.read_text()), flags=re.M)
    text = re.sub(r"typedef[^;{]*\{.*?\}[^;]*;|typedef [^;]*;", "", text, flags=re.S)
    for m in re.finditer(r"^(?:PETSC_EXTERN\s+)?([A-Za-z_][\w ]*?[ \*]+)(\w+)\(((?:[^(){};]|\([^;{}]*?\))*)\);", text, re.M):
        found[m.group(2)] = (squeeze(m.group(1)), m.group(3))
    return found


def typedefs(path):
    """name: text of the types of a header that show more than their name, with the comment right before them."""
    found = {}
    text = path.read_text()
    for m in re.finditer(r"((?:^/\*(?:[^*]|\*(?!/))*\*/\n)?)"
                         r"(^typedef (?:enum|struct)\s*\w*\s*\{[^}]*\} (\w+);|^typedef \w+ \(\*(\w+)\)\([^;]*;)", text, re.M):
        found[next(g for g in m.groups()[2:] if g)] = m.group(1) + m.group(2)
    return found


def named(text, types):
    """The types that a declaration names, and those that these name."""
    found, texts = [], [text]
    for t in texts:
        new = [n for n in types if n not in found and re.search(rf"\b{n}\b", without_comments(t))]
        found += new
        texts += [types[n] for n in new]
    return found


def parts_of(typedef):
    """The lines of the comment before a type, without its marks, and the type; of a function broken by broken()."""
    comment, code = re.match(r"(?:/\*(.*?)\*/)?\s*(.*)", typedef, re.S).groups()
    return (comment or "").strip("\n").split("\n"), code if "{" in code else squeeze(code)


def paragraphs(lines):
    """Blocks of free text: paragraphs, and indented or .vb/.ve lines as they are."""
    blocks, verbatim, para, fenced = [], [], [], False

    def flush():
        while verbatim and not verbatim[-1].strip():
            verbatim.pop()
        if para:
            blocks.append(Block("para", [squeeze(" ".join(para))]))
        if verbatim:
            blocks.append(Block("verbatim", list(verbatim)))
        para.clear()
        verbatim.clear()

    for line in lines:
        if line.strip() in (".vb", ".ve"):
            flush()
            fenced = line.strip() == ".vb"
        elif fenced:
            verbatim.append(line)
        elif not line.strip():
            if verbatim:
                verbatim.append("")
            else:
                flush()
        elif line.startswith("    ") and not para:
            verbatim.append(line)
        else:
            if verbatim:
                flush()
            para.append(line)
    flush()
    for b in blocks:
        if b.kind == "verbatim":
            indent = min(len(v) - len(v.lstrip()) for v in b.lines if v.strip())
            b.lines = [v[indent:] for v in b.lines]
    return blocks


def items(lines, where, bad):
    """Items `+ name - text`, one a line or going on in the next ones; a prototype may stand before them."""
    found, before = [], []
    for i, line in enumerate(lines):
        m = re.match(r"[+.-] (.*)$", line)
        if m:
            names, dash, text = m.group(1).partition(" - ")
            if not dash:
                bad.append(f"{where}: no ' - ' in the item '{line}'")
            found.append([[squeeze(n) for n in re.split(r",\s+", names)], text])
        elif found:
            found[-1][1] += " " + line
        else:
            before.append(line)
    blocks = paragraphs(before)
    if found:
        blocks.append(Block("items", items=[(names, squeeze(text)) for names, text in found]))
    return blocks


def parse(function, text, bad):
    """Fills a function in from its docstring."""
    where = f"{function.file}: {function.name}"
    head, *rest = re.split(r"^\.seealso:", text, flags=re.M)
    function.see = re.findall(r"`([^`]+)`", rest[0]) if rest else []
    if not rest:
        bad.append(f"{where}: there is no .seealso")
    sections, current = [("", [])], None
    for line in head.split("\n"):
        m, level = SECTION.match(line), re.match(r"  Level: (\w+)\s*$", line)
        if m:
            current = (m.group(1), [])
            sections.append(current)
        elif level:
            function.level = level.group(1)
        else:
            sections[-1][1].append(line)
    if function.level not in LEVELS:
        bad.append(f"{where}: Level: '{function.level}' is none of {', '.join(LEVELS)}")
    first = [b.lines[0] for b in paragraphs(sections[0][1]) if b.kind == "para"]
    blocks = paragraphs(sections[0][1])
    name, _, function.brief = first[0].partition(" - ")
    if name != function.name or not function.brief:
        bad.append(f"{where}: the docstring does not begin with '{function.name} - '")
    function.description = blocks[1:]
    if len(first) > 1 and re.match(r"(Not |Logically )?Collective", first[1]):
        function.collective = first[1]
        function.description = blocks[2:]
    for title, lines in sections[1:]:
        listing = title.startswith(PARAMETERS) or title.startswith(("Options", "Calling"))
        function.sections.append((title, items(lines, where, bad) if listing else paragraphs(lines)))


def check_parameters(function, bad):
    where = f"{function.file}: {function.name}"
    said = [n for title, blocks in function.sections if title.startswith(PARAMETERS) for b in blocks for names, _ in b.items
            for n in names]
    for name in function.parameters:
        if name not in said:
            bad.append(f"{where}: its parameter {name} is not in the docstring")
    for name in said:
        if name not in function.parameters:
            bad.append(f"{where}: the docstring has a parameter {name}, the function has not")
    if not function.collective:
        bad.append(f"{where}: neither Collective, Logically Collective nor Not Collective")


def docstrings():
    """name: (file, text, the definition that follows) of all docstrings in src."""
    found = {}
    for path in sorted(pathlib.Path("src").rglob("*.c")):
        text = path.read_text()
        for m in re.finditer(r"/\*(?:@C?|MC)\s*\n(\s*(\w+) - .*?)(?:@|M)\*/", text, re.S):
            definition = re.search(r"^PetscErrorCode " + m.group(2) + r"\(([^{;]*)\)\s*\{", text[m.end():], re.M)
            found[m.group(2)] = (str(path), m.group(1).rstrip(), definition.group(1) if definition else None)
    return found


def header_text(path):
    """The comment that a header begins with, and its declarations."""
    text = path.read_text()
    comment = next(c for c in re.findall(r"/\*\n(.*?)\*/", text, re.S))
    code = text[re.search(r"^#define \w+_H\s*$", text, re.M).end():].rstrip().removesuffix("#endif")
    code = re.sub(r"^#ifdef __cplusplus\n.*?^#endif\n", "", code, flags=re.M | re.S)
    code = re.sub(r"^#include.*\n", "", code, flags=re.M)
    return paragraphs(comment.split("\n")), re.sub(r"\n{3,}", "\n\n", code).strip()


def read():
    """(functions, headers, what is wrong): the public ones in the order of the headers."""
    functions, headers, bad, types = {}, [], [], {}
    docs = docstrings()
    public = sorted(pathlib.Path("include").rglob("*.h"))
    for path in public:
        types.update(typedefs(path))
    for path in public:
        header = str(path.relative_to("include"))
        declared = declarations(path)
        for name, (returns, arguments) in declared.items():
            if name not in docs:
                if header not in WHOLE:
                    bad.append(f"{path}: {name} has no docstring")
                continue
            function = Function(name, header, "")
            function.file, text, definition = docs[name]
            parse(function, text, bad)
            if definition is None:
                bad.append(f"{function.file}: {name}: its definition does not follow its docstring")
                definition = arguments
            arguments = split_arguments(definition)
            function.parameters = [argument_name(a) for a in arguments]
            function.prototype = f"{returns} {name}({', '.join(arguments) or 'void'});"
            function.types = named(function.prototype, types)
            check_parameters(function, bad)
            functions[name] = function
        if header in WHOLE:
            headers.append(Header(header, *WHOLE[header], [n for n in declared if n not in docs], *header_text(path)))
    for name, (file, text, _) in docs.items():  # types: TSTRAJECTORYCOSTATE, PCTRANSPOSABLE
        if name.isupper():
            define = re.search(rf"^#define {name} +(.*)$", "".join(p.read_text() for p in public), re.M)
            functions[name] = Function(name, "costate.h", f"#define {name} {define.group(1)}")
            functions[name].file = file
            parse(functions[name], text, bad)
    return functions, headers, types, bad


def read_or_exit():
    functions, headers, types, bad = read()
    if bad:
        sys.exit("\n".join(bad) + f"\n{len(bad)} docstrings are not as they should be")
    return functions, headers, types
