"""Sealing: nothing is read without the keys, in another place, or after the key is forgotten."""

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hotline_kernel import sealing
from hotline_kernel.sealing import Envelopes, FileKeyEncryption, KeyFileError

PLACE = "citizens/1/appeals/2/text"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A file with one key."""
    path = tmp_path / "keys"
    path.write_text(sealing.new_key_line(key_id="2026-01"))
    return path


class TestSealing:
    def test_gives_back_what_was_sealed(self, keys: Path) -> None:
        safe = Envelopes(FileKeyEncryption(keys))
        wrapped, key = safe.issue()
        sealed = key.seal(plain="暖气不热", place=PLACE)
        assert "暖气不热".encode() not in sealed
        assert safe.unlock(wrapped_key=wrapped).open(sealed=sealed, place=PLACE) == "暖气不热"

    def test_opens_in_its_own_place_and_under_its_own_key_only(self, keys: Path) -> None:
        safe = Envelopes(FileKeyEncryption(keys))
        _, key = safe.issue()
        _, other = safe.issue()
        sealed = key.seal(plain="13800138000", place=PLACE)
        for reader, place in ((key, PLACE.replace("text", "contact")), (other, PLACE)):
            with pytest.raises(InvalidTag):
                reader.open(sealed=sealed, place=place)
        with pytest.raises(InvalidTag):
            key.open(sealed=sealed[:-1] + bytes([sealed[-1] ^ 1]), place=PLACE)

    def test_never_gives_the_same_ciphertext_twice(self, keys: Path) -> None:
        _, key = Envelopes(FileKeyEncryption(keys)).issue()
        assert len({key.seal(plain="王", place=PLACE) for _ in range(100)}) == 100


class TestRotation:
    def test_the_newest_key_wraps_and_older_ones_still_unwrap(self, keys: Path) -> None:
        before = FileKeyEncryption(keys).wrap(bytes(32))
        with keys.open("a") as file:
            file.write(sealing.new_key_line(key_id="2027-01"))
        rotated = FileKeyEncryption(keys)
        after = rotated.wrap(bytes(32))
        assert b"2026-01" in before
        assert b"2027-01" in after
        assert rotated.unwrap(before) == rotated.unwrap(after) == bytes(32)

    def test_a_key_that_the_file_lost_is_named(self, keys: Path) -> None:
        wrapped = FileKeyEncryption(keys).wrap(bytes(32))
        keys.write_text(sealing.new_key_line(key_id="2027-01"))
        with pytest.raises(KeyError, match="2026-01"):
            FileKeyEncryption(keys).unwrap(wrapped)

    def test_a_wrapped_key_does_not_pass_for_that_of_another_id(self, keys: Path) -> None:
        same_bytes = keys.read_text().split()[1]
        keys.write_text(f"2026-01 {same_bytes}\n2026-02 {same_bytes}\n")
        encryption = FileKeyEncryption(keys)
        with pytest.raises(InvalidTag):
            encryption.unwrap(encryption.wrap(bytes(32)).replace(b"2026-02", b"2026-01"))


class TestKeyFile:
    @pytest.mark.parametrize("content", ["", "only-an-id\n", "id not*base64\n", "id c2hvcnQ=\n", "{line}{line}"])
    def test_that_cannot_be_used_is_refused_without_showing_a_key(self, tmp_path: Path, content: str) -> None:
        line = sealing.new_key_line(key_id="same")
        path = tmp_path / "keys"
        path.write_text(content.format(line=line))
        with pytest.raises(KeyFileError) as refused:
            sealing.read_key_file(path)
        assert str(path) in str(refused.value)
        assert line.split()[1] not in str(refused.value)
