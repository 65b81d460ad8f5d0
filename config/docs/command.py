# SPDX-License-Identifier: BSD-2-Clause
"""What the command costate says of itself."""
import re
import subprocess
import sys

import docstrings

INTRODUCTION = docstrings.paragraphs("""\
The command of the library Costate, which gives the time integrators of PETSc gradients within a fixed memory budget.

Options are as PETSc has them: one minus, then a value. Those commands that integrate take PETSc's own as well, and run
under mpiexec.  -version says which version it is, and for which PETSc.
""".split("\n"))
ENVIRONMENT = "options of those commands that integrate, as for every program with PETSc"
STATUS = ("0 if all is well, 1 if the answer is bad news, 2 for a question that makes no sense; what is bad news is said "
          "with each command.")


def run(program, *arguments, **environment):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=300, check=False, **environment)
    if done.returncode:
        sys.exit(f"{program} {' '.join(arguments)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def commands(program):
    """(usage, [(command, what it does)])"""
    text = run(program, "-help")
    rows = re.findall(r"^  (\w+)\s+(.*)$", text, re.M)
    if not rows:
        sys.exit(f"{program} -help names no commands:\n{text}")
    return text.split("\n", maxsplit=1)[0], rows


def help_of(program, name):
    return run(program, name, "-help").rstrip().split("\n")


def blocks(lines):
    """Of a help text: `  -option VALUE   what it is` are items, which go on in lines that are indented further."""
    out, free, rows = [], [], []

    def flush():
        out.extend(docstrings.paragraphs(free))
        if rows:
            out.append(docstrings.Block("items", items=[([name], docstrings.squeeze(text)) for name, text in rows]))
        free.clear()
        rows.clear()

    for line in lines:
        m = re.match(r"  (\S.*?)(?:\s{2,}(\S.*))?$", line)
        if rows and line.startswith("   "):
            rows[-1][1] += " " + line.strip()
        elif m:
            if free:
                flush()
            rows.append([m.group(1), m.group(2) or ""])
        else:
            if rows:
                flush()
            free.append(line)
    flush()
    return out
