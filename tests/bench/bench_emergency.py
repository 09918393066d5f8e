"""How many emergencies the wording shows, and how often it raises a false alarm (Art. 6(1))."""

import argparse
import gzip
import json
import time
from pathlib import Path

from tests.bench.emergencies import (
    EMERGENCIES,
    FIRST_SIGHT,
    FIRST_SIGHT_OTHERS,
    OTHERS,
    UNSEEN,
    Flagged,
    develop,
    held_out,
)
from tests.support.bench import describe_machine, emit


def main() -> None:
    """Prints recall, false alarms and, of a file of real messages, how many would be flagged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=Path, help="JSON lines with title and text, gzipped or not")
    arguments = parser.parse_args()
    describe_machine()
    for name, half in (("develop", develop), ("held_out", held_out)):
        _tell(f"recall_{name}", Flagged.among(half(EMERGENCIES)))
        _tell(f"false_alarms_{name}", Flagged.among(half(OTHERS)))
    _tell("recall_written_later", Flagged.among(UNSEEN))
    _tell("recall_first_sight", Flagged.among(FIRST_SIGHT))
    _tell("false_alarms_first_sight", Flagged.among(FIRST_SIGHT_OTHERS))
    if arguments.messages:
        _tell("flagged_of_file", Flagged.among(_messages(arguments.messages)))
    begin = time.perf_counter()
    timed = Flagged.among([*EMERGENCIES, *OTHERS] * 10)
    emit("time_a_message", (time.perf_counter() - begin) / timed.messages * 1e6, "µs")


def _tell(name: str, found: Flagged) -> None:
    emit(name, found.rate, "share", flagged=found.flagged, messages=found.messages)


def _messages(path: Path) -> list[str]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    told = [json.loads(line) for line in content.decode().splitlines() if line]
    return [f"{each['title']}。{each['text']}" for each in told]


if __name__ == "__main__":
    main()
