"""Clients in a process of their own that live whole lives.

Usage: living_clients.py INSTANCE_JSON closed SECONDS CLIENTS     as many lives as fit, CLIENTS at a time
       living_clients.py INSTANCE_JSON spike RATExSECONDS …       an open loop of arrivals
Prints one JSON object.
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hotline_cli.client import Hotline
from hotline_cli.local.running import Running
from hotline_kernel.errors import HotlineError

from tests.support.lives import Stream

_MOST_AT_ONCE = 400


class _Tally:
    def __init__(self) -> None:
        self.completed = 0
        self.errors: list[str] = []
        self.life_seconds: list[float] = []
        self._lock = threading.Lock()

    def live(self, stream: Stream, number: int) -> None:
        begin = time.monotonic()
        try:
            stream.life(number)
        except (HotlineError, AssertionError) as error:
            with self._lock:
                self.errors.append(repr(error))
            return
        with self._lock:
            self.completed += 1
            self.life_seconds.append(time.monotonic() - begin)


def main(instance: str, mode: str, *arguments: str) -> None:
    """Lives and counts."""
    hotline = Hotline(Running.read(Path(instance)))
    stream = Stream(hotline, clients=0, first_look_seconds=0.5 if mode == "closed" else 0.1)
    tally = _Tally()
    begin = time.monotonic()
    if mode == "closed":
        _closed(stream, tally, float(arguments[0]), int(arguments[1]))
    else:
        _spike(stream, tally, [tuple(map(float, part.split("x"))) for part in arguments])
    answer = {
        "seconds": time.monotonic() - begin,
        "completed": tally.completed,
        "errors": len(tally.errors),
        "first_errors": tally.errors[:3],
        "life_seconds": tally.life_seconds,
        "call_ms": stream.call_ms,
    }
    print(json.dumps(answer))
    hotline.close()


def _closed(stream: Stream, tally: _Tally, seconds: float, clients: int) -> None:
    until = time.monotonic() + seconds
    offset = time.time_ns() % 10**7

    def client(first: int) -> None:
        number = first
        while time.monotonic() < until:
            tally.live(stream, number)
            number += clients

    threads = [threading.Thread(target=client, args=(offset + n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _spike(stream: Stream, tally: _Tally, plan: list[tuple[float, ...]]) -> None:
    offset = time.time_ns() % 10**7
    with ThreadPoolExecutor(_MOST_AT_ONCE) as pool:
        number = 0
        for rate, seconds in plan:
            begin = time.monotonic()
            for arrival in range(int(rate * seconds)):
                wait = begin + arrival / rate - time.monotonic()
                if wait > 0:
                    time.sleep(wait)  # the pace of the arrivals
                number += 1
                pool.submit(tally.live, stream, offset + number)


if __name__ == "__main__":
    main(*sys.argv[1:])
