"""What the documents point to is there: files, and commands with their options."""

import re
import subprocess
from pathlib import Path

import pytest
import typer.main
from hotline_cli.main import app

ROOT = Path(__file__).parents[2]
_LISTED = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
_FENCED = re.compile(r"^ *```\w*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
_COMMAND = re.compile(r"^\s*(?:\.venv/bin/)?hotline (?=[a-z])(.*)$", re.MULTILINE)
_ALONE = re.compile(r"`(hotline [^`]+)`")

every_document = pytest.mark.parametrize("document", _LISTED.split())


def commands(text: str) -> list[list[str]]:
    """Every command line of `hotline` that stands in a code block or between backticks, in words, without comments."""
    shown = [block.replace("\\\n", " ") for block in _FENCED.findall(text)] + _ALONE.findall(_FENCED.sub("", text))
    return [line.partition("#")[0].split() for block in shown for line in _COMMAND.findall(block)]


@every_document
def test_every_relative_link_leads_somewhere(document: str) -> None:
    path = ROOT / document
    missing = [link for link in _LINK.findall(path.read_text()) if not (path.parent / link).exists()]
    assert not missing


@every_document
def test_every_command_shown_exists_with_its_options(document: str) -> None:
    for words in commands((ROOT / document).read_text()):
        command = typer.main.get_command(app)
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]  # type: ignore[attr-defined]  # a group
        assert not (words and hasattr(command, "commands")), f"no command {words}"
        known = {option for parameter in command.params for option in parameter.opts}
        named = {word for word in words if re.fullmatch(r"--?[a-z][a-z-]*", word)}
        assert named <= known, f"{command.name}: no option {named - known}"


@every_document
def test_no_place_of_one_machine_is_named(document: str) -> None:
    assert not re.search(r"(?<![\w.])/(?:home|root|tmp|work)/|localhost:\d|127\.0\.0\.1", (ROOT / document).read_text())
