"""A measurement repeated with other values of one number of the code: what chose the number is the command beside it.

    python -m evals.bench.sweep qa.question.spelling.CAPITAL=.7,.75,.8 -- evals.bench.spelling
    python -m evals.bench.sweep qa.check.verify.WHOLE=0,1.5,3 -- evals.bench.check --claims CLAIMS.jsonl DOCS.jsonl

Each value is set in a process of its own, before the measurement begins.
"""

from __future__ import annotations

import importlib
import runpy
import subprocess
import sys


def main() -> None:
    number, _, *measurement = sys.argv[1:]
    name, _, values = number.partition("=")
    for value in values.split(","):
        print(f"{name} = {value}", flush=True)
        subprocess.run([sys.executable, "-m", "evals.bench.sweep", "--one", name, value, *measurement], check=True)


def one(name: str, value: str, module: str, *options: str) -> None:
    """Runs a module as a program with the number at this value. Raises `AttributeError` where there is no such one."""
    place, _, attribute = name.rpartition(".")
    holder = importlib.import_module(place)
    setattr(holder, attribute, type(getattr(holder, attribute))(value))
    sys.argv = [module, *options]
    runpy.run_module(module, run_name="__main__")


if __name__ == "__main__":
    one(*sys.argv[2:]) if sys.argv[1:2] == ["--one"] else main()
