"""What is sealed to a side is opened by that side alone, as what it is."""

from pathlib import Path

import pytest
from hotline_kernel.sealed_box import PUBLIC_KEYS_BYTES, SealBroken, SealingKeys, fingerprint, is_signed, seal
from hotline_kernel.sealing import new_key_line
from hypothesis import given
from hypothesis import strategies as st


def keys(path: Path, *lines: str) -> SealingKeys:
    path.write_text("".join(lines or [new_key_line(key_id="a")]))
    return SealingKeys(path)


class TestSealing:
    @given(plain=st.binary(max_size=2000), place=st.text(max_size=60))
    def test_opens_as_what_was_sealed(self, tmp_path_factory: pytest.TempPathFactory, plain: bytes, place: str) -> None:
        ours = keys(tmp_path_factory.mktemp("keys") / "keys")
        sealed = seal(plain=plain, to=ours.public_keys, place=place)
        assert ours.open(sealed=sealed, place=place) == plain
        assert seal(plain=plain, to=ours.public_keys, place=place) != sealed

    def test_does_not_open_elsewhere_changed_or_for_others(self, tmp_path: Path) -> None:
        ours, theirs = keys(tmp_path / "ours"), keys(tmp_path / "theirs")
        sealed = seal(plain="王小明".encode(), to=ours.public_keys, place="errands/1/contact")
        for wrong in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:20], b"", bytes(100)):
            with pytest.raises(SealBroken):
                ours.open(sealed=wrong, place="errands/1/contact")
        with pytest.raises(SealBroken):
            ours.open(sealed=sealed, place="errands/2/contact")
        with pytest.raises(SealBroken):
            theirs.open(sealed=sealed, place="errands/1/contact")

    def test_opens_with_an_earlier_key_and_seals_to_the_last(self, tmp_path: Path) -> None:
        first, second = new_key_line(key_id="first"), new_key_line(key_id="second")
        before = keys(tmp_path / "keys", first)
        sealed = seal(plain=b"x", to=before.public_keys, place="p")
        after = keys(tmp_path / "keys", first, second)
        assert after.public_keys != before.public_keys
        assert after.open(sealed=sealed, place="p") == b"x"
        with pytest.raises(SealBroken):
            before.open(sealed=seal(plain=b"x", to=after.public_keys, place="p"), place="p")


class TestSigning:
    def test_is_by_the_owner_of_the_keys_over_the_message(self, tmp_path: Path) -> None:
        ours, theirs = keys(tmp_path / "ours"), keys(tmp_path / "theirs")
        signature = ours.sign(b"said")
        assert len(ours.public_keys) == PUBLIC_KEYS_BYTES
        assert is_signed(message=b"said", signature=signature, by=ours.public_keys)
        assert not is_signed(message=b"other", signature=signature, by=ours.public_keys)
        assert not is_signed(message=b"said", signature=signature, by=theirs.public_keys)
        assert not is_signed(message=b"said", signature=bytes(64), by=bytes(64))

    def test_fingerprints_can_be_read_out(self, tmp_path: Path) -> None:
        ours = keys(tmp_path / "ours")
        groups = fingerprint(ours.public_keys).split("-")
        assert [len(group) for group in groups] == [4] * 5
