"""What a package of ours declares is what an image of it will hold: it must be everything that its code imports."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

SERVICES = Path(__file__).parents[2] / "services"
OURS = {"hotline-kernel": "kernel", "hotline-proto": "../proto"}
DISTRIBUTIONS = packages_distributions()


def declared(folder: str) -> list[Requirement]:
    project = tomllib.loads((SERVICES / folder / "pyproject.toml").read_text())["project"]
    return [Requirement(text) for text in project["dependencies"]]


def installed_with(folder: str) -> set[str]:
    """Every distribution that comes with a package of ours."""
    found: set[tuple[str, str]] = set()
    waiting = [(each, "") for each in declared(folder)]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in ["", *requirement.extras]:
            if (name, wanted) not in found:
                found.add((name, wanted))
                needs = declared(OURS[name]) if name in OURS else map(Requirement, requires(name) or [])
                waiting += [(each, wanted) for each in needs]
    return {name for name, _ in found}


def imported(folder: str) -> Iterator[str]:
    """Every module outside the standard library that the code of a package names, by its first word or two."""
    for path in (SERVICES / folder / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import():
                    names = [alias.name for alias in node.names]
                case ast.ImportFrom(module=str(module), level=0):
                    names = [module]
                case _:
                    names = []
            yield from (name for name in names if name.partition(".")[0] not in sys.stdlib_module_names)


@pytest.mark.parametrize("folder", ["kernel", "intake", "dispatch", "sla", "feedback", "knowledge", "cli"])
def test_every_import_is_declared(folder: str) -> None:
    known = installed_with(folder) | {f"hotline-{folder}"}
    if folder == "cli":
        known |= {f"hotline-{path.name}" for path in SERVICES.iterdir()}  # its local run starts every service
    missing = {
        name
        for name in imported(folder)
        if not known & {canonicalize_name(each) for each in DISTRIBUTIONS[name.partition(".")[0]]}
    }
    assert missing == set()
