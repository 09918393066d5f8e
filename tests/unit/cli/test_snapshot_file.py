"""A unit's own base as a file of JSON lines (Art. 10(4))."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hotline.knowledge.v1 import base_pb2, base_service_pb2
from hotline_cli.commands.bases import ITEMS_A_BATCH, NotABase, Snapshot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SNAPSHOT = base_pb2.SYNC_KIND_SNAPSHOT
RUN = "01234567-89ab-4def-8123-456789abcdef"


def line(key: str, **fields: Any) -> dict[str, Any]:
    return {"key": key, "title": f"题{key}", "text": "文。", "kind": "guide"} | fields


def write(path: Path, said: Sequence[dict[str, Any]]) -> Snapshot:
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n\n" for each in said), encoding="utf-8")
    return Snapshot(path=path, base="bases/heat", kind=SNAPSHOT)


def size(batch: base_service_pb2.SyncBaseRequest) -> int:
    return len(batch.items) + len(batch.gone_keys)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    keys=st.lists(st.tuples(st.integers(0, 400), st.booleans()), min_size=1, max_size=600),
    share=st.floats(0, 1),
)
def test_goes_on_from_any_item_without_a_hole_and_with_no_key_twice_in_a_batch(
    tmp_path: Path, keys: list[tuple[int, bool]], share: float
) -> None:
    said = [{"key": str(key), "gone": True} if gone else line(str(key)) for key, gone in keys]
    snapshot = write(tmp_path / "base", said)
    taken = int(share * len(said))
    batches = list(snapshot.batches(run=RUN, taken=taken))
    assert snapshot.count() == len(said)
    assert [batch.last for batch in batches] == [False] * (len(batches) - 1) + [True]
    offset = taken
    for batch in batches:
        assert batch.offset == offset
        assert size(batch) <= ITEMS_A_BATCH
        names = [*(item.key for item in batch.items), *batch.gone_keys]
        assert len(set(names)) == len(names)
        assert sorted(names) == sorted(str(each["key"]) for each in said[offset : offset + size(batch)])
        offset += size(batch)
    assert offset == len(said)


def test_fits_into_what_a_server_takes(tmp_path: Path) -> None:
    snapshot = write(tmp_path / "base", [line(str(number), text="长" * 20_000) for number in range(60)])
    batches = list(snapshot.batches(run=RUN, taken=0))
    assert sum(size(batch) for batch in batches) == 60
    assert max(batch.ByteSize() for batch in batches) < 1 << 20


def test_of_the_same_content_base_and_kind_is_the_same_synchronisation(tmp_path: Path) -> None:
    one, same, other = (write(tmp_path / name, [line(key)]) for name, key in (("a", "1"), ("b", "1"), ("c", "2")))
    assert one.run == same.run
    others = (other, replace(one, base="bases/x"), replace(one, kind=base_pb2.SYNC_KIND_CHANGES))
    assert len({each.run for each in (one, *others, replace(one, again=True), replace(one, again=True))}) == 6


@pytest.mark.parametrize(
    "wrong",
    ["{", "[]", "{}", '{"key": "1"}', '{"key": "1", "title": "t", "kind": "none"}', '{"key": 1, "title": "t", "x": 1}'],
)
def test_that_is_none_is_told_with_its_line(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "base"
    path.write_text(f"{json.dumps(line('1'))}\n{wrong}\n", encoding="utf-8")
    with pytest.raises(NotABase, match=r"base:2: "):
        Snapshot(path=path, base="bases/heat", kind=SNAPSHOT).count()
