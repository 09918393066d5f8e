"""The tree of categories, with the default that the office starts from (Art. 5)."""

import json
from importlib import resources

import sqlalchemy
from alembic import op

revision = "0003"
down_revision = "0001"

# One row for each wording of a category; the row without last_version is how it stands now.
CATEGORIES = """
CREATE TABLE category (
    id uuid,
    first_version integer,
    last_version integer CHECK (last_version >= first_version),
    parent_id uuid,
    path text COLLATE "C" NOT NULL,
    retire_reason text NOT NULL DEFAULT '',
    PRIMARY KEY (id, first_version)
);
CREATE UNIQUE INDEX category_now ON category (id) WHERE last_version IS NULL;
CREATE UNIQUE INDEX category_in_use ON category (path) WHERE last_version IS NULL AND retire_reason = '';

CREATE TABLE category_tree (version integer NOT NULL);
CREATE UNIQUE INDEX category_tree_one_row ON category_tree ((true));
INSERT INTO category_tree VALUES (1);

-- Appeals of a category, in the order of the list; what stands behind the id is for other filters.
CREATE INDEX appeal_category ON appeal (category, id, state, channel, region);
"""
# The ids follow from the words, so that two cities that start today can compare their figures.
DEFAULT = """
INSERT INTO category (id, first_version, parent_id, path)
SELECT md5('category/' || path)::uuid, 1,
       CASE WHEN path LIKE '%/%' THEN md5('category/' || regexp_replace(path, '/[^/]*$', ''))::uuid END, path
  FROM json_array_elements_text(CAST(:paths AS json)) AS path
"""


def upgrade() -> None:
    """Plain SQL; the words stand in `categories.json`."""
    op.execute(CATEGORIES)
    tree = json.loads(resources.files("hotline_intake").joinpath("categories.json").read_text("utf-8"))
    paths = [
        path
        for first, seconds in tree.items()
        for path in (
            first,
            *(f"{first}/{second}" for second in seconds),
            *(f"{first}/{second}/{third}" for second, thirds in seconds.items() for third in thirds),
        )
    ]
    op.execute(sqlalchemy.text(DEFAULT).bindparams(paths=json.dumps(paths)))
