"""Legal time: the machine's, or one that is moved by hand in a local run."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hotline_kernel import clock
from hotline_kernel.clock import SystemClock, VirtualClock

START = datetime(2026, 5, 8, 1, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "clock"


class TestSystemClock:
    def test_tells_the_present_in_utc(self) -> None:
        before = datetime.now(UTC)
        moment = SystemClock().now()
        assert before <= moment <= datetime.now(UTC)
        assert moment.utcoffset() == timedelta(0)


class TestVirtualClock:
    def test_stands_still_at_its_start_to_the_microsecond(self, path: Path) -> None:
        owner = VirtualClock.create(path, START)
        assert owner.now() == START == owner.now()
        assert owner.now().tzinfo is UTC

    def test_is_moved_for_every_reader(self, path: Path) -> None:
        owner = VirtualClock.create(path, START)
        reader = VirtualClock(path)
        owner.set(START + timedelta(days=365))
        assert reader.now() == START + timedelta(days=365)

    def test_is_moved_for_other_processes(self, path: Path) -> None:
        owner = VirtualClock.create(path, START)
        script = (
            "import sys\nfrom pathlib import Path\nfrom hotline_kernel.clock import VirtualClock\n"
            "clock = VirtualClock(Path(sys.argv[1]))\n"
            "for line in sys.stdin:\n    print(clock.now().isoformat(), flush=True)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdin
            assert other.stdout
            for hours in range(3):
                moment = START + timedelta(hours=hours)
                owner.set(moment)
                other.stdin.write("tell\n")
                other.stdin.flush()
                assert other.stdout.readline().strip() == moment.isoformat()
            other.stdin.close()
        assert other.returncode == 0

    def test_takes_over_the_file_of_an_earlier_run_without_harm_to_its_readers(self, path: Path) -> None:
        old = VirtualClock.create(path, START)
        VirtualClock.create(path, START - timedelta(days=30))
        assert old.now() == START - timedelta(days=30)

    def test_may_be_set_to_the_moment_it_shows(self, path: Path) -> None:
        owner = VirtualClock.create(path, START)
        owner.set(START)
        assert owner.now() == START

    def test_never_goes_back(self, path: Path) -> None:
        owner = VirtualClock.create(path, START)
        with pytest.raises(ValueError, match="does not go back"):
            owner.set(START - timedelta(microseconds=1))
        assert owner.now() == START

    def test_refuses_a_naive_moment(self, path: Path) -> None:
        with pytest.raises(ValueError, match="no time zone"):
            VirtualClock.create(path, START.replace(tzinfo=None))
        with pytest.raises(ValueError, match="no time zone"):
            VirtualClock.create(path, START).set(START.replace(tzinfo=None))

    def test_takes_a_moment_of_any_zone(self, path: Path) -> None:
        owner = VirtualClock.create(path, START.astimezone(timezone(timedelta(hours=8))))
        assert owner.now() == START

    def test_refuses_a_file_that_is_no_clock(self, path: Path) -> None:
        path.write_bytes(b"something else")
        with pytest.raises(ValueError, match="is not a clock file"):
            VirtualClock(path)

    def test_refuses_a_file_that_is_not_there(self, path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            VirtualClock(path)


class TestFromSetting:
    @pytest.mark.parametrize("environment", ["local", "cluster"])
    def test_gives_the_systems_clock_everywhere(self, environment: str) -> None:
        assert isinstance(clock.from_setting("system", environment=environment), SystemClock)

    def test_gives_a_virtual_clock_to_a_local_run(self, path: Path) -> None:
        VirtualClock.create(path, START)
        assert clock.from_setting(f"virtual:{path}", environment="local").now() == START

    def test_refuses_a_virtual_clock_where_citizens_are_served(self, path: Path) -> None:
        VirtualClock.create(path, START)
        with pytest.raises(ValueError, match="for the environment `local` alone, not for 'cluster'"):
            clock.from_setting(f"virtual:{path}", environment="cluster")

    @pytest.mark.parametrize("value", ["", "System", "virtual", "virtual:", "fixed:2026"])
    def test_names_what_may_be_set(self, value: str) -> None:
        with pytest.raises(ValueError, match="`system` or `virtual:<file>`"):
            clock.from_setting(value, environment="local")
