"""How old a key or a backup is, by its file."""

from datetime import UTC, datetime
from math import inf
from pathlib import Path

import pytest
from hotline_kernel import safekeeping

NOW = datetime(2026, 5, 8, 1, tzinfo=UTC)
_KEY = "A" * 43 + "="


class TestMadeOn:
    def test_is_the_day_that_the_id_of_the_newest_key_begins_with(self, tmp_path: Path) -> None:
        ring = tmp_path / "vault"
        ring.write_text(f"2025-01-01 {_KEY}\n2026-05-01b {_KEY}\n")
        assert safekeeping.made_on(ring) == datetime(2026, 5, 1, tzinfo=UTC)

    def test_is_unknown_when_the_id_begins_with_something_else(self, tmp_path: Path) -> None:
        ring = tmp_path / "vault"
        ring.write_text(f"local {_KEY}\n")
        assert safekeeping.made_on(ring) is None


class TestBackupAge:
    @pytest.mark.parametrize("stamp", ["2026-05-08T00:00:00Z\n", "2026-05-08T08:00:00+08:00"])
    def test_is_counted_from_the_moment_in_the_file(self, tmp_path: Path, stamp: str) -> None:
        path = tmp_path / "stamp"
        path.write_text(stamp)
        assert safekeeping.backup_age(path, now=NOW) == 3600

    @pytest.mark.parametrize("stamp", ["", "yesterday", "2026-05-08T08:00:00"])
    def test_is_infinite_when_the_file_holds_no_moment(self, tmp_path: Path, stamp: str) -> None:
        path = tmp_path / "stamp"
        path.write_text(stamp)
        assert safekeeping.backup_age(path, now=NOW) == inf

    def test_is_infinite_without_a_file(self, tmp_path: Path) -> None:
        assert safekeeping.backup_age(tmp_path / "none", now=NOW) == inf
