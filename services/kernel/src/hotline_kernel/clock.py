"""Legal time: what a statutory clock starts, ends and is judged by.

Only legal time passes through here. Leases, back-off, tokens and the like run on real time (the database's `now()`).
"""

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

_MICROSECONDS = struct.Struct("@q")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """Tells the legal time."""

    def now(self) -> datetime:
        """Return the present moment, aware and in UTC."""
        ...


class SystemClock:
    """The machine's clock, which time synchronisation keeps right."""

    def now(self) -> datetime:
        """Return the present moment, aware and in UTC."""
        return datetime.now(UTC)


class VirtualClock:
    """A clock shared through a file by all processes of one machine, so that a year passes in minutes.

    The file holds one int64 in the machine's byte order: microseconds since 1970 in UTC. Every process maps it;
    reading costs no system call. The eight bytes are aligned and copied at once (struct's "<q" would go byte by byte),
    so that a reader sees the old moment or the new one. It has one owner, who alone calls `set`.
    """

    def __init__(self, path: Path) -> None:
        """Map an existing clock file; OSError or ValueError if there is none or it is not one."""
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        if len(self._map) != _MICROSECONDS.size:
            raise ValueError(f"{path} is not a clock file: it has {len(self._map)} bytes, not {_MICROSECONDS.size}")
        self._moment = memoryview(self._map).cast("q")

    @classmethod
    def create(cls, path: Path, start: datetime) -> "VirtualClock":
        """Make the file, or take over the one left there, and begin at `start`."""
        path.touch(mode=0o600)
        with path.open("r+b") as file:  # never truncated: a process that still maps it would die reading
            file.write(_MICROSECONDS.pack(_microseconds(start)))
        return cls(path)

    def now(self) -> datetime:
        """Return the moment last set, aware and in UTC."""
        return _EPOCH + timedelta(microseconds=self._moment[0])

    def set(self, moment: datetime) -> None:
        """Move the clock on for every process; ValueError if `moment` is naive or earlier than now."""
        microseconds = _microseconds(moment)
        if microseconds < self._moment[0]:
            raise ValueError(f"the clock stands at {self.now().isoformat()} and does not go back to {moment}")
        self._moment[0] = microseconds


def from_setting(value: str, *, environment: str) -> Clock:
    """Return the clock a process is told to use by HOTLINE_CLOCK.

    value -- `system`, or `virtual:<file>`, which only the environment `local` may use: legal time that can be moved
    by hand has no place where citizens are served.
    """
    if value == "system":
        return SystemClock()
    kind, _, path = value.partition(":")
    if kind != "virtual" or not path:
        raise ValueError(f"HOTLINE_CLOCK must be `system` or `virtual:<file>`, not {value!r}")
    if environment != "local":
        raise ValueError(f"a virtual clock is for the environment `local` alone, not for {environment!r}")
    return VirtualClock(Path(path))


def _microseconds(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return (moment - _EPOCH) // _MICROSECOND
