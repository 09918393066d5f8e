"""Reads the file that `hotline simulate -o json` wrote, says what is to be shown, and fails if some of it is missing.

`make demo-60` plays sixty days across the Spring Festival and hands them over here. Whether the books are true is
`hotline verify`'s to say, at the end of the run; this asks whether enough happened for that to mean something.
"""

import json
import sys
from pathlib import Path
from typing import Any

from hotline.sla.v1.deadline_pb2 import KeySupervisionGround, SupervisionStep


def shown(books: dict[str, Any]) -> dict[str, int]:
    """What the regulation foresees for a city's bad days, and how often the books hold it."""
    orders, feedback = books["work_orders"]["is"], books["feedback"]
    steps = [name.removeprefix("SUPERVISION_STEP_") for name, number in SupervisionStep.items() if number]
    grounds = [name.removeprefix("KEY_SUPERVISION_GROUND_") for name, number in KeySupervisionGround.items() if number]
    return {
        **{f"supervision step {step} (Art. 28)": books["supervision"].get(step, 0) for step in steps},
        "directive given (Art. 23)": orders.get("with_directive", 0),
        "extension granted (Art. 26)": orders.get("extension_granted", 0),
        "extension refused (Art. 26)": orders.get("extension_refused", 0),
        "study by the principal (Art. 25)": orders.get("studied", 0),
        "filing (Art. 27)": orders.get("filed", 0),
        "reopening (Art. 30)": orders.get("reopened", 0),
        **{f"key supervision, {ground} (Art. 28)": books["key_supervision"].get(ground, 0) for ground in grounds},
        "circular (Art. 29)": sum(books["circulars"].values()),
        "review of a dissatisfaction (Art. 30)": sum(feedback["reviews"].values()),
        "appeal scored for quality (Art. 21, 30)": feedback["scored_for_quality"],
    }


def main() -> None:
    """Prints the list; exit code 1 if something did not happen or the books are false."""
    result = json.loads(Path(sys.argv[1]).read_text())
    happened = shown(result["books"])
    for what, times in happened.items():
        print(f"{'✓' if times else '✗'} {what:44} {times:6}")
    run, verified = result["run"], result["verify"]
    print(f"{run['contacts']} contacts in {run['seconds']} s")
    for finding in verified["findings"]:
        print(f"✗ {finding}")
    print("✓ the books are true" if verified["clean"] else "✗ the books are false")
    sys.exit(not (verified["clean"] and all(happened.values())))


if __name__ == "__main__":
    main()
