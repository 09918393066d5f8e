"""What a process takes for the newest revision is what Alembic does."""

from importlib.resources import files

import pytest
from alembic.script import ScriptDirectory
from hotline_kernel import schema

OWNERS = ("kernel", "intake", "dispatch", "sla", "feedback", "knowledge")


@pytest.mark.parametrize("phase", ["pre", "post"])
@pytest.mark.parametrize("owner", OWNERS)
def test_revisions_follow_one_another_by_their_numbers(owner: str, phase: str) -> None:
    package = f"hotline_{owner}"
    root = str(files(package))
    script = ScriptDirectory(root, version_locations=[f"{root}/migrations/{phase}"])
    assert schema.revisions(package, phase) == [each.revision for each in script.walk_revisions()][::-1]
