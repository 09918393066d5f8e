"""The vault: telephone numbers are found again, and only under the key."""

from pathlib import Path

import pytest
from hotline_intake.adapters import vault
from hotline_intake.adapters.vault import Vault
from hotline_kernel import sealing
from hotline_kernel.sealing import FileKeyEncryption


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    keys, lookup = tmp_path / "keys", tmp_path / "lookup"
    keys.write_text(sealing.new_key_line(key_id="2026-01"))
    lookup.write_text(sealing.new_key_line(key_id="lookup"))
    return keys, lookup


class TestLookup:
    def test_finds_a_number_however_it_is_written(self, files: tuple[Path, Path]) -> None:
        safe = vault.from_files(keys=files[0], lookup_key=files[1])
        assert safe.phone_hash(phone="+8613800138000") == safe.phone_hash(phone="13800138000")
        assert safe.phone_hash(phone="13800138001") != safe.phone_hash(phone="13800138000")

    def test_tells_nothing_under_another_key(self, files: tuple[Path, Path]) -> None:
        ours = vault.from_files(keys=files[0], lookup_key=files[1])
        theirs = Vault(keys=FileKeyEncryption(files[0]), lookup_key=bytes(32))
        assert ours.phone_hash(phone="13800138000") != theirs.phone_hash(phone="13800138000")
