"""This release and the one before live on one schema, and nobody's appeal notices."""

from pathlib import Path

import pytest
from hotline.intake.v1 import appeal_pb2

from tests.migration.conftest import ROOT, Platform

_CLOSED = appeal_pb2.APPEAL_STATE_CLOSED


@pytest.mark.timeout(600)
def test_the_release_before_lives_on_the_schema_of_this_one(platform: Platform, released: Path) -> None:
    """Upgrade: *pre* comes before the new code. Rollback: the old code goes on with what the new one wrote."""
    platform.migrate("pre")
    assert platform.live(released) == [_CLOSED]
    assert platform.live(ROOT) == [_CLOSED] * 2
    assert platform.live(released) == [_CLOSED] * 3
