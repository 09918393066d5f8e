"""The command `hotline`, as a reader of the tutorial types it."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Installation, Said
from tests.support.live import LiveHotline

_TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorials" / "first-appeal.md"


class Reader:
    """Somebody who types the tutorial word by word and puts in the names that earlier answers told."""

    def __init__(self, installed: Installation, hotline: LiveHotline) -> None:
        self._installed = installed
        self._hotline = hotline
        self.said: dict[str, Said] = {}
        self.appeal: dict[str, Any] = {}

    def type(self, line: str) -> Said:
        """Types one line of the tutorial, in JSON."""
        words = shlex.split(line, comments=True)
        assert words[0] == "hotline"
        self._hotline.settle()
        said = self._installed.hotline(*[self._filled(word) for word in words[1:]], "-o", "json")
        if words[1] == "register":
            self.appeal = said.json
        self.said[line] = said
        return said

    @property
    def order(self) -> str:
        """The order of our appeal."""
        return self._name("orders", f"appeal={self.appeal['name']}")

    def _filled(self, word: str) -> str:
        names: dict[str, Callable[[], str]] = {
            "appeals/…": lambda: str(self.appeal["name"]),
            "workOrders/…": lambda: self.order,
            "deadlines/…": lambda: self._name("deadlines", f"subject={self.order}", "kind=HANDLING"),
            "callbacks/…": lambda: self._name("callbacks", f"work_order={self.order}"),
        }
        for placeholder, name in names.items():
            if placeholder in word:
                word = word.replace(placeholder, name())
        return word

    def _name(self, kind: str, *where: str) -> str:
        filters = [word for each in where for word in ("--where", each)]
        name: str = self._installed.hotline("list", kind, *filters, "-o", "json").json["name"]
        return name


@pytest.fixture(scope="module")
def reader(installed: Installation, hotline: LiveHotline) -> Reader:
    return Reader(installed, hotline)


def tutorial_lines() -> list[str]:
    """Every command of the tutorial, in its order."""
    blocks = re.findall(r"```sh\n(.*?)```", _TUTORIAL.read_text(), re.DOTALL)
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line]


class TestTheTutorial:
    def test_works_word_by_word(self, reader: Reader, installed: Installation) -> None:
        lines = tutorial_lines()
        assert len(lines) >= 12
        for line in lines:
            said = reader.type(line)
            assert (said.code, said.err) == (0, ""), f"{line}: {said.err}"
        one = {line.split()[1]: said for line, said in reader.said.items()}
        assert one["search"].rows[0]["title"] == "家里暖气不热怎么办"
        assert one["register"].json["state"] == "APPEAL_STATE_DRAFTED"
        assert one["review"].json["state"] == "APPEAL_STATE_REFERRED"
        assert one["contact"].json["first_contact"]["note"] == "已电话联系,告知两个工作日内办结"
        assert one["report"].json["state"] == "WORK_ORDER_STATE_REPORTED"
        assert one["call-back"].json["verdict"] == "VERDICT_SATISFIED"
        assert one["show"].json["state"] == "WORK_ORDER_STATE_CLOSED"
        assert one["verify"].json["clean"]
        tracked = installed.hotline("track", reader.appeal["tracking_code"], "-o", "json").json
        assert (tracked["number"], tracked["state"]) == (reader.appeal["number"], "APPEAL_STATE_CLOSED")


class TestANotice:
    def test_is_issued_and_written_into_files(self, installed: Installation, tmp_path: Path) -> None:
        book, paper = tmp_path / "notice.xlsx", tmp_path / "notice.pdf"
        issued = installed.hotline("notices", "issue", "2019-Q1", "--save", str(book), "-o", "json").json
        assert (issued["kind"], issued["start_date"]["month"]) == ("PERIOD_KIND_QUARTER", 1)
        assert installed.hotline("notices", "get", issued["name"], "--save", str(paper)).code == 0
        assert (book.read_bytes()[:2], paper.read_bytes()[:5]) == (b"PK", b"%PDF-")
        days = ("--first", "2019-01-01", "--last", "2019-01-07")
        told = installed.hotline("notices", "work", *days, "--text", "平稳", "-o", "json").json
        assert "calls" in told


class TestEveryAnswer:
    @pytest.mark.parametrize(
        "words", [("list", "orders"), ("list", "scores", "--where", "start_date=2026-01-01", "--where",
                  "end_date=2026-12-31"), ("list", "weights"), ("search", "停水"), ("events", "dead"),
                  ("audit", "list", "intake"), ("events", "republish", "--since", "2026-01-01T00:00:00+08:00",
                  "--reason", "演练")]
    )  # fmt: skip
    def test_is_for_people_or_for_programs(self, installed: Installation, words: tuple[str, ...]) -> None:
        for_people = installed.hotline(*words)
        for_programs = installed.hotline(*words, "-o", "json")
        assert (for_people.code, for_programs.code) == (0, 0)
        assert for_people.out.strip()
        assert all(isinstance(row, dict) for row in for_programs.rows)


class TestARefusal:
    def test_says_why_in_both_languages_with_the_article(self, installed: Installation, reader: Reader) -> None:
        registered = installed.hotline(
            "register", "--text", "停水了", "--title", "停水", "--category", "城乡建设/供水", "--region", "139902",
            "--draft", "请抢修", "--lead", "units/water-group", "-o", "json",
        ).json  # fmt: skip
        reader.appeal = registered
        reader.type("hotline review appeals/…")
        said = reader.type("hotline report workOrders/… --text 已抢修")
        assert said.code == 1
        assert said.out == ""
        assert "群众" in said.err
        assert "reply" in said.err
        assert "[REPLY_MISSING, Art. 24(2)]" in said.err

    @pytest.mark.parametrize("reason", ["NOT_FOUND", "FIELD_INVALID"])
    def test_of_what_is_not_there_or_not_well_formed_is_one_too(self, installed: Installation, reason: str) -> None:
        name = {"NOT_FOUND": "appeals/00000000-0000-7000-8000-000000000000", "FIELD_INVALID": "appeals/7"}[reason]
        said = installed.hotline("show", name)
        assert said.code == 1
        assert f"[{reason}" in said.err
        assert "Traceback" not in said.err


class TestAMistypedCommand:
    @pytest.mark.parametrize(
        "words",
        [
            ("register",),
            ("list", "nothing"),
            ("list", "orders", "--where", "colour=red"),
            ("decline", "appeals/x", "--ground", "boredom", "--referral", "x"),
            ("call-back", "callbacks/x"),
            ("extend", "workOrders/x"),
            ("events", "replay", "nowhere", "1"),
            ("no-such-command",),
        ],
    )
    def test_says_how_it_is_typed(self, installed: Installation, words: tuple[str, ...]) -> None:
        said = installed.hotline(*words)
        assert said.code == 2
        assert "Traceback" not in said.err
        assert said.err.strip()

    def test_without_a_platform_says_how_to_start_one(self, install: Callable[[], Installation]) -> None:
        said = install().hotline("list", "orders")
        assert said.code == 2
        assert "make run" in said.err
