"""Sets the regulation beside the tests that show it: article, duty, what the system does, tests."""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests" / "regulation"
SOURCE = TESTS / "duties.toml"
OWNERS = ("intake", "dispatch", "sla", "feedback", "knowledge", "insight", "all")
PLANNED = {"†": "with the portal", "‡": "with the cluster and the counties", "§": "with insight"}
_ARTICLE = re.compile(r"(?<![\d(])\d+(?![\d)])")  # a number that is not a paragraph: the 24 of 24(2)


@dataclass(frozen=True)
class Duty:
    """What the regulation asks of the system in one or more articles; a [[duty]] of duties.toml."""

    id: str
    title: str
    does: str
    ours: str = ""
    mark: str = ""
    later: str = ""

    @property
    def owner(self) -> str:
        """The service that holds the truth, or all."""
        return self.id.partition(":")[0]

    @property
    def where(self) -> str:
        """Articles and paragraphs as they are cited, `24(2), 10(3)`."""
        return self.id.partition(":")[2].removesuffix("-review").replace(",", ", ")

    @property
    def articles(self) -> tuple[int, ...]:
        """Every article it rests on, the first one first."""
        return tuple(dict.fromkeys(int(number) for number in _ARTICLE.findall(self.where)))


@dataclass(frozen=True)
class Module:
    """A module of tests/regulation."""

    path: Path
    duties: tuple[str, ...]
    shows: tuple[tuple[str, tuple[str, ...]], ...]
    """Its classes as the beginnings of sentences, each with its tests as their ends."""


def duties() -> tuple[Duty, ...]:
    """Every duty, in the order of the file."""
    return tuple(Duty(**each) for each in tomllib.loads(SOURCE.read_text())["duty"])


def articles() -> dict[int, str]:
    """What each article is about."""
    return {int(number): about for number, about in tomllib.loads(SOURCE.read_text())["articles"].items()}


def modules() -> tuple[Module, ...]:
    """Every module of tests/regulation, read without importing it."""
    return tuple(_module(path) for path in sorted(TESTS.glob("test_*.py")))


def findings(*, duties: Sequence[Duty], modules: Sequence[Module]) -> list[str]:
    """What does not agree between duties and tests, each as a sentence that says what to do."""
    known = {duty.id for duty in duties}
    shown = {each for module in modules for each in module.duties}
    said = [f"{module.path.name} names no duty: give it DUTIES" for module in modules if not module.duties]
    said += [f"{each} is in a DUTIES but not in {SOURCE.name}" for each in sorted(shown - known)]
    for duty in duties:
        if not (duty.id in shown or duty.mark):
            said.append(f"{duty.id} has no test: write one that has it in DUTIES")
    return said


def page(head: str) -> str:
    """The page, after its head: an overview by article, then each article with its duties and tests."""
    of_article: dict[int, list[Duty]] = defaultdict(list)
    for duty in duties():
        for article in duty.articles:
            of_article[article].append(duty)
    tests = {duty.id: [module for module in modules() if duty.id in module.duties] for duty in duties()}
    rows = ["| Art. | is about | duties of the system |", "| --- | --- | --- |"]
    for number, about in articles().items():
        states = [f"[{duty.title}](#{_anchor(duty.articles[0])}): {_state(duty)}" for duty in of_article[number]]
        rows.append(f"| {number} | {about} | {'<br>'.join(states) or 'none that software carries'} |")
    parts = [head, _tally(), "\n".join(rows), ""]
    for number, about in articles().items():
        if of_article[number]:
            parts.append(f"## Art. {number}\n\n{about[0].upper()}{about[1:]}.\n")
            parts += [_entry(duty, number, tests[duty.id]) for duty in of_article[number]]
    return "\n".join(parts)


def _tally() -> str:
    planned = sum(bool(duty.mark) for duty in duties())
    now = len(duties()) - planned
    return f"{now} duties are the five services', and each has its tests. {planned} more are planned.\n"


def _state(duty: Duty) -> str:
    return f"planned {duty.mark}" if duty.mark else "shown"


def _entry(duty: Duty, article: int, shown_by: Sequence[Module]) -> str:
    if article != duty.articles[0]:
        return f"- **{duty.title}**: see [Art. {duty.articles[0]}](#{_anchor(duty.articles[0])})\n"
    owner = "all services" if duty.owner == "all" else duty.owner
    said = [f"- **{duty.title}** (Art. {duty.where}; {owner}). {duty.does}"]
    notes = {"*Ours*": duty.ours, "*Planned*": duty.later}
    said += [f"  {note}: {text}." for note, text in notes.items() if text]
    if duty.mark:
        said.append(f"  *Planned* {PLANNED[duty.mark]} ({duty.mark}).")
    return "\n".join([*said, *(_tests(module) for module in shown_by)]) + "\n"


def _tests(module: Module) -> str:
    lines = [f"  - [`{module.path.stem}`](../../{module.path.relative_to(ROOT).as_posix()})"]
    lines += [f"    - {subject}: {'; '.join(says)}" for subject, says in module.shows]
    return "\n".join(lines)


def _anchor(article: int) -> str:
    return f"art-{article}"


def _module(path: Path) -> Module:
    tree = ast.parse(path.read_text())
    named: tuple[str, ...] = ()
    for line in tree.body:
        if isinstance(line, ast.Assign) and _targets(line) == ["DUTIES"]:
            named = tuple(ast.literal_eval(line.value))
    classes = {
        each.name: tuple(_sentence(part.name) for part in each.body if _is_test(part))
        for each in tree.body
        if isinstance(each, ast.ClassDef)
    }
    shows = {_words(name): tests for name, tests in classes.items() if tests}
    alone = tuple(_sentence(each.name) for each in tree.body if _is_test(each))
    return Module(path, named, (*shows.items(), *((("it", alone),) if alone else ())))


def _targets(line: ast.Assign) -> list[str]:
    return [target.id for target in line.targets if isinstance(target, ast.Name)]


def _is_test(node: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test_")


def _sentence(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


def _words(name: str) -> str:
    """TestAnOverdueOrder as "an overdue order"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=A)(?=[A-Z][a-z])", " ", name.removeprefix("Test")).lower()
