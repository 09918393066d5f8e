"""How often the unit suggested from a text alone is the right one: learned from one half, asked about the other.

The file has a JSON object a line with `title`, `text` and `category`, which stands for the unit. It is no part of the
project: its path is given.
"""

import argparse
import gzip
import json
import random
import time
from collections import Counter
from pathlib import Path

from hotline_dispatch.domain.suggestion import suggest
from hotline_dispatch.domain.unit import Unit, UnitKind
from hotline_dispatch.domain.words import Words

from tests.support.bench import describe_machine, emit

SEED, REGION = 1, "130100"


def main() -> None:
    """Measures both ways round, and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=Path, required=True, help="labelled messages, .jsonl or .jsonl.gz")
    messages = _read(parser.parse_args().messages)
    random.Random(SEED).shuffle(messages)
    describe_machine()
    halves = messages[::2], messages[1::2]
    for learned, asked in (halves, halves[::-1]):
        _measure(learned, asked)


def _read(path: Path) -> list[tuple[str, str]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = [json.loads(line) for line in content.decode().splitlines()]
    return [(row["category"], f"{row['title']} {row['text']}") for row in rows]


def _measure(learned: list[tuple[str, str]], asked: list[tuple[str, str]]) -> None:
    begin = time.perf_counter()
    words = Words.learn(learned)
    emit("leads_learn", (time.perf_counter() - begin) * 1000, "ms", messages=len(learned), pairs=len(words.everywhere))
    units = [Unit(name, name, REGION, UnitKind.DEPARTMENT, principal="张主任", competences=[]) for name in words.held]
    begin = time.perf_counter()
    answers = [
        suggest(units=units, region=REGION, category="", past={}, likeness=words.likeness(text)) for _, text in asked
    ]
    emit("leads_suggest", (time.perf_counter() - begin) * 1000 / len(asked), "ms", messages=len(asked))
    common = [unit for unit, _ in Counter(unit for unit, _ in learned).most_common(3)]
    ranked = [[suggestion.unit.name for suggestion in answer] for answer in answers]
    for top in (1, 3):
        right = sum(unit in names[:top] for (unit, _), names in zip(asked, ranked, strict=True))
        baseline = sum(unit in common[:top] for unit, _ in asked)
        emit(f"leads_top_{top}", right / len(asked), "share", baseline=round(baseline / len(asked), 3))
    sure = sum(answer[0].confidence if answer else 0.0 for answer in answers)
    emit("leads_confidence", sure / len(asked), "mean of the first")


if __name__ == "__main__":
    main()
