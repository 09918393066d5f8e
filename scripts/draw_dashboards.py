"""Draws the dashboards from what a real Prometheus answers to the panels' own queries: `make dashboards-svg`.

Grafana is not at hand, so the drawing is ours. A city is played for some days on a virtual clock; Prometheus scrapes
its processes meanwhile, with the shipped rules and every duration divided by one number (`tests.support.prometheus`).
"""

import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from math import isfinite
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

from hotline.intake.v1.call_centre_service_pb2 import RecordCallEventsRequest
from hotline.intake.v1.call_pb2 import (
    CALL_EVENT_KIND_ABANDONED,
    CALL_EVENT_KIND_ANSWERED,
    CALL_EVENT_KIND_ENDED,
    CALL_EVENT_KIND_OFFERED,
    CallEvent,
)
from hotline_cli.client import SERVICES, new_request_id
from hotline_cli.local.instance import NO_RATE_LIMIT, PROCESSES, Instance
from hotline_cli.local.seed import seed_city
from hotline_cli.local.servers import Servers
from hotline_cli.simulate import messages as citizens
from hotline_cli.simulate.run import Plan, Simulation
from hotline_kernel import calendar
from hotline_kernel.calendar import ZONE
from hotline_kernel.timestamps import timestamp

from scripts.dashboards import BOARDS, Board, Panel, dashboard
from tests.support.live import LiveHotline
from tests.support.prometheus import Prometheus

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "reference" / "dashboards"
START = datetime(2026, 3, 2, tzinfo=ZONE)
DAYS, PER_DAY, POINTS = 5, 80, 90
_COLUMN, _ROW, _TITLE, _GAP = 50, 32, 44, 6
_PALETTE = (
    "#3b7dd8",
    "#e08a2b",
    "#4a9d5b",
    "#b5485d",
    "#7d5fb2",
    "#8a6d4b",
    "#d06fae",
    "#6c757d",
    "#a3a635",
    "#35a5b5",
)
_COLOURS = {"green": "#3a8f4d", "orange": "#d9822b", "red": "#c23b3b"}


class Exchange:
    """Tells of calls of the legal minutes before, again and again, until the block ends; some callers give up."""

    def __init__(self, hotline: LiveHotline) -> None:
        self._hotline, self._random, self._calls = hotline, Random(1), 0  # noqa: S311  (invented calls)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tell)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _tell(self) -> None:
        while not self._stop.wait(0.5):
            now = self._hotline.now
            events = [
                each for _ in range(3) for each in self._call(now - timedelta(minutes=self._random.uniform(4, 9)))
            ]
            self._hotline.person("channel").call_centre.RecordCallEvents(
                RecordCallEventsRequest(
                    events=sorted(events, key=lambda each: each.time.ToNanoseconds()), request_id=new_request_id()
                )
            )

    def _call(self, offer: datetime) -> Iterator[CallEvent]:
        self._calls += 1
        name, wait = f"calls/drawn-{self._calls}", timedelta(seconds=self._random.expovariate(1 / 5))
        yield CallEvent(call=name, kind=CALL_EVENT_KIND_OFFERED, time=timestamp(offer))
        lost = wait > timedelta(seconds=self._random.expovariate(1 / 90))
        end = CALL_EVENT_KIND_ABANDONED if lost else CALL_EVENT_KIND_ANSWERED
        yield CallEvent(call=name, kind=end, time=timestamp(offer + wait))
        if not lost:
            over = offer + wait + timedelta(seconds=60)
            yield CallEvent(call=name, kind=CALL_EVENT_KIND_ENDED, time=timestamp(over))


class Answers:
    """What the panels' queries were answered, over the time of the run."""

    def __init__(self, prometheus: Prometheus, *, start: float, end: float) -> None:
        self._prometheus, self._start, self._end = prometheus, start, end
        units = prometheus.ask("topk(1, sum by (unit) (last_over_time(hotline_unit_deadlines_overdue[1h])))")
        self.unit = units[0]["metric"]["unit"] if units else ".*"

    def series(self, panel: Panel) -> list[tuple[str, list[tuple[float, float]]]]:
        """Legend and points of each series of a panel, numbers only; the time from 0 to 1."""
        step = (self._end - self._start) / POINTS
        found = []
        for legend, query in panel.queries.items():
            asked = re.sub(r"\$[a-z]\w*", ".*", query.replace("$unit", self.unit))
            for each in self._prometheus.ask_range(asked, start=self._start, end=self._end, step=step):
                points = [
                    ((moment - self._start) / (self._end - self._start), float(value))
                    for moment, value in each["values"]
                    if isfinite(float(value))
                ]
                if points:
                    found.append((_legend(legend, each["metric"]), points))
        return found


def _legend(template: str, labels: dict[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda name: labels.get(name[1], ""), template).strip()


def picture(board: Board, answers: Answers) -> str:
    """A dashboard as SVG."""
    placed = [(panel, found["gridPos"]) for panel, found in zip(board.panels, dashboard(board)["panels"], strict=True)]
    height = _TITLE + _ROW * max(place["y"] + place["h"] for _, place in placed)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{24 * _COLUMN}" height="{height}"'
        ' font-family="Noto Sans SC, WenQuanYi Micro Hei, PingFang SC, Microsoft YaHei, sans-serif" font-size="12">'
        '<rect width="100%" height="100%" fill="#f4f5f7"/>'
        f'<text x="12" y="29" font-size="20">{escape(board.title)}</text>'
    )
    return "".join([head, *(_panel(panel, place, answers) for panel, place in placed), "</svg>\n"])


def _panel(panel: Panel, place: dict[str, int], answers: Answers) -> str:
    width, height = place["w"] * _COLUMN - _GAP, place["h"] * _ROW - _GAP
    chinese, _, english = panel.title.replace("$unit", answers.unit).partition(" · ")
    series = answers.series(panel)
    if not series:
        body = '<text x="14" y="70" fill="#888">没有数据 · no data</text>'
    elif panel.kind == "timeseries":
        body = "".join(_lines(panel, series, width=width, height=height))
    elif panel.kind == "stat":
        body = "".join(_numbers(panel, series, width=width, height=height))
    else:
        body = "".join(_bars(panel, series, width=width, height=height))
    return (
        f'<g transform="translate({place["x"] * _COLUMN + _GAP // 2},{place["y"] * _ROW + _TITLE})">'
        f'<rect width="{width}" height="{height}" rx="4" fill="#fff" stroke="#d9dce1"/>'
        f'<text x="10" y="18" font-weight="bold">{escape(chinese)}</text>'
        f'<text x="10" y="34" font-size="11" fill="#555">{escape(english)}</text>{body}</g>'
    )


def _lines(
    panel: Panel, series: Sequence[tuple[str, list[tuple[float, float]]]], *, width: int, height: int
) -> Iterator[str]:
    left, top, right, bottom = 56, 46, width - 12, height - 34
    most = max(value for _, points in series for _, value in points)
    most = max(most, panel.bad if panel.bad is not None and panel.bad < 2 * most else 0) or 1

    def y(value: float) -> float:
        return bottom - (bottom - top) * min(max(value, 0), most) / most

    for share in (0, 0.5, 1):
        line = y(share * most)
        yield f'<path d="M{left} {line:.1f}H{right}" stroke="#e6e8eb"/>'
        at = f'x="{left - 5}" y="{line + 4:.1f}" text-anchor="end" font-size="10"'
        yield f"<text {at}>{_shown(share * most, panel.unit)}</text>"
    for bound, colour in ((panel.warn, "orange"), (panel.bad, "red")):
        if bound is not None and bound <= most:
            yield f'<path d="M{left} {y(bound):.1f}H{right}" stroke="{_COLOURS[colour]}" stroke-dasharray="5 4"/>'
    legend = left
    for index, (name, points) in enumerate(series):
        colour = _PALETTE[index % len(_PALETTE)]
        path = " ".join(f"{left + (right - left) * x:.1f},{y(value):.1f}" for x, value in points)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        said = f"{name} {_shown(points[-1][1], panel.unit)}"
        wide = 16 + sum(11 if ord(character) > 0x2E80 else 6 for character in said)
        if legend + wide <= right:
            yield f'<rect x="{legend}" y="{height - 21}" width="9" height="9" fill="{colour}"/>'
            yield f'<text x="{legend + 12}" y="{height - 12}" font-size="10">{escape(said)}</text>'
            legend += wide + 6


def _numbers(
    panel: Panel, series: Sequence[tuple[str, list[tuple[float, float]]]], *, width: int, height: int
) -> Iterator[str]:
    each = (width - 20) / len(series)
    for index, (name, points) in enumerate(series):
        value = points[-1][1]
        x = 10 + index * each
        size = f'width="{each - 4:.1f}" height="{height - 54}"'
        yield f'<rect x="{x:.1f}" y="44" {size} rx="3" fill="{_colour(panel, value)}"/>'
        centre = f'x="{x + each / 2 - 2:.1f}" text-anchor="middle" fill="#fff"'
        yield f'<text {centre} y="{height / 2 + 26:.1f}" font-size="26">{_shown(value, panel.unit)}</text>'
        yield f'<text {centre} y="{height - 16}" font-size="11">{escape(name)}</text>'


def _bars(
    panel: Panel, series: Sequence[tuple[str, list[tuple[float, float]]]], *, width: int, height: int
) -> Iterator[str]:
    ranked = sorted(series, key=lambda found: -found[1][-1][1])[: max(1, (height - 50) // 20)]
    most = max(points[-1][1] for _, points in ranked) or 1
    for index, (name, points) in enumerate(ranked):
        value, y = points[-1][1], 46 + 20 * index
        long = max(2.0, (width - 330) * value / most)
        yield f'<text x="10" y="{y + 12}">{escape(name[:40])}</text>'
        yield f'<rect x="250" y="{y}" width="{long:.1f}" height="15" fill="{_colour(panel, value)}"/>'
        yield f'<text x="{256 + long:.1f}" y="{y + 12}">{_shown(value, panel.unit)}</text>'


def _colour(panel: Panel, value: float) -> str:
    if panel.warn is None or panel.bad is None:
        return _PALETTE[0]
    if panel.low_is_bad:
        return _COLOURS["red" if value < panel.bad else "orange" if value < panel.warn else "green"]
    return _COLOURS["red" if value >= panel.bad else "orange" if value >= panel.warn else "green"]


def _shown(value: float, unit: str) -> str:
    if unit == "percentunit":
        return f"{value:.1%}"
    if unit == "bytes":
        return f"{value / 2**20:.0f} MiB"
    if unit == "s":
        for size, letter in ((86_400, "d"), (3600, "h"), (60, "min")):
            if abs(value) >= 2 * size:
                return f"{value / size:.1f} {letter}"
        return f"{value:.2f} s" if abs(value) >= 1 else f"{value * 1000:.0f} ms"
    return f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.2f}"


def page() -> str:
    """docs/reference/dashboards.md."""
    shown = "\n".join(
        f"## {board.title}\n\n![{board.title}](dashboards/{board.name}.svg)\n\n"
        + "\n".join(f"- {panel.title} {panel.why_zh} · {panel.why_en}" for panel in board.panels)
        + "\n"
        for board in BOARDS
    )
    return f"{_HEAD}\n{shown}"


_HEAD = f"""# Dashboards

<!-- Written by `make dashboards-svg`; do not edit. -->

Seven dashboards for Grafana, in `deploy/helm/monitoring/dashboards`; [how to load them](../how-to/watch.md). The
pictures are drawings of
our own, not Grafana's: each panel's own queries, answered by a real Prometheus that scraped all fifteen processes while
a city of {PER_DAY} contacts a day was played for {DAYS} days on a virtual clock, from {START.date()}. A played day
passes in seconds, so rates by the minute look high, and gauges, which are measured every few seconds of real time,
change in steps; legal time leaps, so the record looks unsealed for long (`HotlineAuditUnsealed`). Six calls a second of
real time were told by an invented exchange. There was no county with an instance of its own, so its panels are empty.
"""


def main() -> None:
    """Plays, asks and draws."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stamp = scratch / "stamp"
        stamp.write_text(datetime.now(ZONE).isoformat())
        servers = stack.enter_context(Servers(ROOT / ".run" / "dashboards" / "servers"))
        instance = Instance(
            directory=ROOT / ".run" / "dashboards",
            servers=servers,
            name="dashboards",
            clock="virtual",
            start=START,
            settings=NO_RATE_LIMIT | {"trace_file": "", "backup_stamp": str(stamp)},
        )
        stack.callback(instance.destroy)
        stack.enter_context(instance)
        hotline = LiveHotline(instance)
        seed_city(hotline)
        environments = (instance.environment(service, kind) for service in SERVICES for kind in PROCESSES)
        targets = [f"127.0.0.1:{environ['HOTLINE_METRICS_PORT']}" for environ in environments]
        prometheus = stack.enter_context(Prometheus(scratch / "prometheus", targets=targets))
        start = time.time()
        with Exchange(hotline):
            Simulation(
                plan=Plan(days=DAYS, per_day=PER_DAY, seed=1, start=START.date()),
                hotline=hotline,
                clock=hotline.instance.clock,  # type: ignore[arg-type]  # virtual: asked for above
                calendar=calendar.load(None),
                messages=citizens.written(1),
                say=lambda line: print(line, file=sys.stderr, flush=True),
            ).run()
        prometheus.next_scrape()
        answers = Answers(prometheus, start=start, end=time.time())
        PICTURES.mkdir(exist_ok=True)
        for board in BOARDS:
            (PICTURES / f"{board.name}.svg").write_text(picture(board, answers))
        (ROOT / "docs" / "reference" / "dashboards.md").write_text(page())


if __name__ == "__main__":
    main()
