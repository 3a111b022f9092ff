"""What the Dockerfile, compose.yaml and the systemd unit start is what the program takes; what they name is there."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml  # type: ignore[import-untyped]

from conftest import ROOT
from qa.cli import main

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SERVER = (ROOT / "docs" / "SERVER.md").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
UNIT = re.search(r"```ini\n(.*?)```", SERVER, re.S)
assert UNIT


def parsed(words: list[str]) -> dict[str, Any]:
    """What the program makes of a command line, which it does not run."""
    command = main.commands[words[0]]
    assert isinstance(command, click.Command)
    return command.make_context(words[0], words[1:], resilient_parsing=False).params


def test_the_image_s_command_is_known() -> None:
    [given] = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert parsed(json.loads(given))["host"] == "0.0.0.0"


def test_compose_s_command_is_known() -> None:
    given = parsed(COMPOSE["page"]["command"])
    assert (given["root_path"], given["passwords"]) == ("https://${SITE}", Path("/data/passwords"))
    assert {name for service in COMPOSE.values() for name in service.get("depends_on", [])} <= COMPOSE.keys()


def test_the_image_has_all_that_the_wheel_is_made_of() -> None:
    copied = set(re.findall(r"^COPY ([^-].*) \S+$", DOCKERFILE, re.MULTILINE))
    named = {name for line in copied for name in line.split()}
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split() if line.startswith("!")}
    assert named == kept
    forced = re.findall(r'^"([^"]+)" = "qa/', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert {name.split("/")[0] for name in forced} <= named


def test_the_unit_s_command_is_known() -> None:
    assert UNIT
    [line] = re.findall(r"^ExecStart=(.*)$", UNIT[1], re.MULTILINE)
    assert parsed(shlex.split(line)[1:])["root_path"] == "https://news.example"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    assert UNIT
    unit = tmp_path / "qa.service"
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT[1], flags=re.MULTILINE), encoding="utf-8")
    ran = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_every_command_of_the_page_on_servers_is_known() -> None:
    for block in re.findall(r"```console\n(.*?)```", SERVER, re.S):
        for words in (shlex.split(line, comments=True) for line in block.splitlines()):
            if words and words[0] == "qa":
                parsed(words[1:])
