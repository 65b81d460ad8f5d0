# SPDX-License-Identifier: BSD-2-Clause
"""The options, as the built library prints them with -help."""
import os
import pathlib
import re
import sys

import command

# What belongs to solvers and integrators of PETSc's that have a prefix of ours, and what takes a tail.
PREFIXES = ("-costate_adjoint_ts_", "-costate_adjoint_ksp_", "-costate_adjoint_pc_", "-costate_adjoint_mass_",
            "-costate_adjoint_state_", "-costate_adjoint_snes_", "-costate_adjoint_fieldsplit_", "-costate_inner_ksp_", "-costate_inner_pc_", "-costate_vjp_mat_",
            "-transposable_")
OPTION = re.compile(r"^\s*(-\w+):?\s*(?:<(?:now )?(?P<now>.*?) : (?:formerly )?(?P<default>.*?)>|<(?P<array>.*?)>)?:?\s*"
                    r"(?P<text>.*?)\s*(?:\((?P<function>\w*)\))?$")


class Option:
    def __init__(self, name, default, text, function):
        self.name, self.default, self.text, self.function = name, default, text, function


def default_of(text):
    """As a reader would say it: of the longest number there is nobody wants to know."""
    if re.fullmatch(r"[\d.]+e\+30\d", text):
        return "no limit"
    return text.lower() if text in ("TRUE", "FALSE") else text.strip()


def sections(text):
    """[(heading, options)] of what PETSc prints; a heading is a line that ends with `options` or `:`, or has no option."""
    found = []
    for line in text.split("\n"):
        m = OPTION.match(line)
        if m and line.startswith("  -"):
            default = default_of(m["default"] if m["default"] is not None else m["array"] or "")
            if found:
                found[-1][1].append(Option(m.group(1), default, m["text"], m["function"] or ""))
        elif line.strip() and not line.startswith("----"):
            found.append((line.strip().removesuffix(":"), []))
    return found


def tables():
    """The options that the sources know to be ours."""
    text = "".join(pathlib.Path(f).read_text() for f in ("src/costate/options.c", "src/traj/options.c"))
    names = []
    for table in re.findall(r"const char \*const Costate\w+Options\[\] = \{(.*?)\}", text, re.S):
        names += ["-" + n for n in re.findall(r'"(\w+)"', table)]
    return names


def collect(program, example):
    """[(title, introduction, [Option])], each option once.

    The program runs a problem by every method, since each method has options of its own; the example has a Tao.
    """
    environment = {"env": {**os.environ, "PETSC_OPTIONS": "-help -costate_monitor -costate_view"}}
    methods = re.findall(r"^  (\w+)", command.run(program, "list", "methods"), re.M)
    printed = {}
    for method in methods:
        problem = "rest" if method == "implicit" else "lotka"
        printed[method] = sections(command.run(program, "run", problem, "-costate_type", method, **environment))
    every = [section for method in methods for section in printed[method]]
    seen = set()

    def take(wanted, where=every):
        options = []
        for heading, group in where:
            for option in group:
                if option.name not in seen and wanted(heading, option.name):
                    seen.add(option.name)
                    options.append(option)
        return options

    trajectory = take(lambda h, n: n.startswith("-ts_trajectory_costate_"))
    own = {m: take(lambda h, n, m=m: h.lower() == f"costate {m} options") for m in methods}
    sweep = take(lambda h, n: h.startswith("Costate sweep options"))
    common = take(lambda h, n: n.startswith("-costate_") and not h.startswith("Viewer") and not n.startswith(PREFIXES))
    viewers = take(lambda h, n: h.startswith("Viewer (-costate_") and n in tables())
    for option in viewers:
        option.default, option.text = "", "Takes a viewer: ascii:FILE, or nothing for the standard output"
    tao = take(lambda h, n: n.startswith("-tao_costate_"), sections(command.run(example, "-n", "8", "-tao_gatol", "1e30", **environment)))
    out = [("The trajectory", "Of `-ts_trajectory_type costate`.", trajectory),
           ("The object", "Of a `Costate`, and of the plugin where `-costate_type` is given.", common + viewers),
           ("The sweep backward", "Of the methods that integrate backward with an integrator of their own.", sweep)]
    out += [(f"The method {m}", f"With `-costate_type {m}`.", own[m]) for m in methods if own[m]]
    out += [("The tape of an optimisation", "Of every `Tao`.", tao)]
    missing = [n for n in tables() if n not in seen]
    empty = [title for title, _, options in out if not options]
    if missing or empty:
        sys.exit(f"The library's -help does not print {', '.join(missing + empty)}")
    return out


def known(groups):
    return {o.name for _, _, options in groups for o in options}


def strangers(names, text):
    """The options of ours in a text that the library does not know.  Some stand for several: -costate_check_..."""
    found = set()
    for name, tail in re.findall(r"(?<![\w-])(-(?:ts_trajectory_costate|tao_costate|costate)_\w+)(\.\.\.|\*)?", text):
        if name in names or name.startswith(PREFIXES) or any(p.startswith(name) for p in PREFIXES):
            continue
        if not (tail or name.endswith("_")) or not any(n.startswith(name) for n in names):
            found.add(name)
    return sorted(found)
