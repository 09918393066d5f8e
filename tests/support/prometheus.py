"""The real Prometheus over running processes, with the rules that are shipped and a time that is pressed together."""

import json
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml
from hotline_cli.local.servers import free_port

RULES = Path(__file__).parents[2] / "deploy" / "helm" / "monitoring" / "rules"
_LONGEST_SECONDS = 60
_LARGEST_DIVISOR = 240  # a minute takes 0.25 s
_SCRAPES_A_MINUTE = 5  # so many would fit in
_LOOK_SECONDS = 0.01
_MILLISECONDS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(?<![\w.])(\d+)([smhd])\b")


class Prometheus:
    """A server for as long as the block lasts.

    Every duration, the minute between two scrapes included, is divided by one number: as large a one as lets a scrape
    on this machine take a small part of that minute.
    """

    def __init__(self, directory: Path, *, targets: Sequence[str]) -> None:
        """targets -- `host:port` of metrics."""
        divisor = int(min(_LARGEST_DIVISOR, 60 / (_SCRAPES_A_MINUTE * max(map(_seconds_to_scrape, targets)))))
        self._url = f"http://127.0.0.1:{free_port()}"
        minute = _divided("1m", divisor)
        (directory / "rules").mkdir(parents=True)
        for path in RULES.glob("*.yaml"):
            rules = _pressed(yaml.safe_load(path.read_text()), divisor)
            (directory / "rules" / path.name).write_text(yaml.safe_dump(rules, allow_unicode=True))
        config = {
            "global": {"scrape_interval": minute, "scrape_timeout": minute, "evaluation_interval": minute},
            "rule_files": ["rules/*.yaml"],
            "scrape_configs": [{"job_name": "hotline", "static_configs": [{"targets": list(targets)}]}],
        }
        (directory / "prometheus.yaml").write_text(yaml.safe_dump(config))
        self._targets = len(targets)
        self._log = directory / "log"
        self._command = [
            "prometheus",
            f"--config.file={directory / 'prometheus.yaml'}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address={self._url.removeprefix('http://')}",
            "--log.level=warn",
        ]

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self._wait(self._has_scraped_all)
            self._wait(lambda: not self.alerts())  # those about targets that were not found yet
        except BaseException:
            self._end()
            raise
        self._ready = time.time()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._end()

    def next_scrape(self) -> None:
        """Waits until everything was scraped once more."""
        before = self._scraped()

        def is_there() -> bool:
            now = self._scraped()
            return len(now) == self._targets and all(now[each] > before.get(each, 0) for each in now)

        self._wait(is_there)

    def alerts(self) -> set[tuple[str, str, str]]:
        """What is pending or firing now: name, window, state."""
        found = self._get("alerts")["alerts"]
        return {(alert["labels"]["alertname"], alert["labels"].get("window", ""), alert["state"]) for alert in found}

    def ever_fired(self) -> set[str]:
        """Names of the alerts that fired at any time since all targets were there."""
        window = f"{int((time.time() - self._ready) * 1000)}ms"
        found = self._ask(f'count by (alertname) (count_over_time(ALERTS{{alertstate="firing"}}[{window}]))')
        return {each["metric"]["alertname"] for each in found}

    def _scraped(self) -> dict[str, float]:
        """When each target was scraped last, of those that answer."""
        found = self._ask("timestamp(up) and on (instance) up == 1")
        return {each["metric"]["instance"]: float(each["value"][1]) for each in found}

    def _has_scraped_all(self) -> bool:
        try:
            return len(self._scraped()) == self._targets
        except urllib.error.URLError:
            return False

    def _ask(self, query: str) -> Any:
        return self._get(f"query?{urllib.parse.urlencode({'query': query})}")["result"]

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self._url}/api/v1/{path}", timeout=10) as answer:
            return json.load(answer)["data"]

    def _wait(self, holds: Callable[[], bool]) -> None:
        give_up = time.monotonic() + _LONGEST_SECONDS
        while not holds():
            assert self._server.poll() is None, self._log.read_text()
            assert time.monotonic() < give_up, self._log.read_text()
            time.sleep(_LOOK_SECONDS)  # between two looks

    def _end(self) -> None:
        self._server.terminate()
        self._server.wait()


def _seconds_to_scrape(target: str) -> float:
    """The longest of some tries."""
    begun = [time.monotonic()]
    for _ in range(5):
        with urllib.request.urlopen(f"http://{target}/metrics", timeout=30) as answer:
            answer.read()
        begun.append(time.monotonic())
    return max(end - start for start, end in pairwise(begun))


def _pressed(node: Any, divisor: int) -> Any:
    """The same rules with every duration divided: in `interval` and `for`, and inside expressions."""
    if isinstance(node, dict):
        timed = ("interval", "for", "expr")
        return {
            key: _divided(value, divisor) if key in timed else value if key == "labels" else _pressed(value, divisor)
            for key, value in node.items()
        }
    return [_pressed(each, divisor) for each in node] if isinstance(node, list) else node


def _divided(text: str, divisor: int) -> str:
    return _DURATION.sub(lambda found: f"{int(found[1]) * _MILLISECONDS[found[2]] // divisor}ms", text)
