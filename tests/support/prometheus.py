"""The real Prometheus over running processes, with the rules that are shipped and a time that is pressed together."""

import json
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml
from hotline_cli.local.servers import free_port

RULES = Path(__file__).parents[2] / "deploy" / "helm" / "monitoring" / "rules"
_LONGEST_SECONDS = 60
_LARGEST_DIVISOR = 240  # a minute takes 0.25 s
_SCRAPES_A_MINUTE = 5  # so many of the slowest target would fit in
_ROUNDS_A_MINUTE = 5  # so many over all targets would, one after another
_LOOK_SECONDS = 0.05
_MILLISECONDS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SECONDS = re.compile(r"(\d+)(?= # seconds)")
_DURATION = re.compile(r"(?<![\w.])(\d+)([smhd])\b")


class Prometheus:
    """A server for as long as the block lasts.

    Every duration, the minute between two scrapes included, is divided by one number: as large a one as lets a scrape
    on this machine take a small part of that minute.
    """

    def __init__(
        self, directory: Path, *, targets: Sequence[str], rules: str = "*", alertmanager: "Alertmanager | None" = None
    ) -> None:
        """targets -- `host:port` of metrics;  rules -- which files, by name without suffix; all by default."""
        tries = [_seconds_to_scrape(target) for target in targets]
        longest, round_ = max(max(each) for each in tries), sum(min(each) for each in tries)
        minute_seconds = max(60 / _LARGEST_DIVISOR, _SCRAPES_A_MINUTE * longest, _ROUNDS_A_MINUTE * round_)
        self._divisor = divisor = int(60 / minute_seconds)
        self._url = f"http://127.0.0.1:{free_port()}"
        minute = _divided("1m", divisor)
        (directory / "rules").mkdir(parents=True)
        self._rules = {
            directory / "rules" / path.name: _pressed(yaml.safe_load(path.read_text()), divisor)
            for path in RULES.glob(f"{rules}.yaml")
        }
        config: dict[str, Any] = {
            "global": {"scrape_interval": minute, "scrape_timeout": minute, "evaluation_interval": minute},
            "rule_files": ["rules/*.yaml"],
            "scrape_configs": [{"job_name": "hotline", "static_configs": [{"targets": list(targets)}]}],
        }
        if alertmanager is not None:
            config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alertmanager.address]}]}]}
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
            for path, pressed in self._rules.items():  # only now: else they tell of targets that were not found yet
                path.write_text(yaml.safe_dump(pressed, allow_unicode=True))
            self._server.send_signal(signal.SIGHUP)
            self._wait(lambda: len({group["file"] for group in self._get("rules")["groups"]}) == len(self._rules))
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
        found = self.ask(f'count by (alertname) (count_over_time(ALERTS{{alertstate="firing"}}[{window}]))')
        return {each["metric"]["alertname"] for each in found}

    def _scraped(self) -> dict[str, float]:
        """When each target was scraped last, of those that answer."""
        found = self.ask("timestamp(up) and on (instance) up == 1")
        return {each["metric"]["instance"]: float(each["value"][1]) for each in found}

    def _has_scraped_all(self) -> bool:
        try:
            return len(self._scraped()) == self._targets
        except urllib.error.URLError:
            return False

    def ask(self, query: str) -> Any:
        """What it answers to a query now; raises `HTTPError` when the query is wrong."""
        return self._get(f"query?{urllib.parse.urlencode({'query': query})}")["result"]

    def ask_range(self, query: str, *, start: float, end: float, step: float) -> Any:
        """The same over a time, seconds since 1970; the durations in the query are divided, too."""
        pressed = _divided(query, self._divisor)
        asked = {"query": pressed, "start": start, "end": end, "step": step}
        return self._get(f"query_range?{urllib.parse.urlencode(asked)}")["result"]

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


def _seconds_to_scrape(target: str) -> list[float]:
    """Of some tries."""
    begun = [time.monotonic()]
    for _ in range(5):
        with urllib.request.urlopen(f"http://{target}/metrics", timeout=30) as answer:
            answer.read()
        begun.append(time.monotonic())
    return [end - start for start, end in pairwise(begun)]


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
    """Durations, and thresholds in seconds, which a comment in the rule marks."""
    text = _DURATION.sub(lambda found: f"{int(found[1]) * _MILLISECONDS[found[2]] // divisor}ms", text)
    return _SECONDS.sub(lambda found: f"{int(found[1]) / divisor:.6f}", text)


class Alertmanager:
    """A server that tells everything at once to this test, for as long as the block lasts."""

    def __init__(self, directory: Path) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self.told: list[dict[str, Any]] = []
        """What was told, in order: `status`, `labels` and `annotations` of each alert."""
        self._receiver = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        port = self._receiver.server_address[1]
        config = {
            "route": {"receiver": "test", "group_by": ["..."], "group_wait": "10ms", "group_interval": "100ms"},
            "receivers": [
                {"name": "test", "webhook_configs": [{"url": f"http://127.0.0.1:{port}/", "send_resolved": True}]}
            ],
        }
        directory.mkdir()
        (directory / "alertmanager.yaml").write_text(yaml.safe_dump(config))
        self._log = directory / "log"
        self._command = [
            "prometheus-alertmanager",
            f"--config.file={directory / 'alertmanager.yaml'}",
            f"--storage.path={directory / 'data'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ]

    def __enter__(self) -> Self:
        threading.Thread(target=self._receiver.serve_forever, daemon=True).start()
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.terminate()
        self._server.wait()
        self._receiver.shutdown()
        self._receiver.server_close()

    def fired(self) -> set[str]:
        """Names of all alerts it was ever told of."""
        return {alert["labels"]["alertname"] for alert in self.told}

    def fires(self) -> set[str]:
        """Names of those that it told of and that have not ended."""
        last = {json.dumps(alert["labels"], sort_keys=True): alert for alert in self.told}
        return {alert["labels"]["alertname"] for alert in last.values() if alert["status"] == "firing"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        told = self.told

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                told.extend(json.loads(body)["alerts"])
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (named by the base class)
                """What was told is looked at, not logged."""

        return Handler
