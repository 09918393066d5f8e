"""Fragments of statements, from the names of columns, and what stands in a column as JSON."""

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb
from pydantic import TypeAdapter


def names(columns: Sequence[str], prefix: str = "") -> str:
    """`a, b`, each with the prefix."""
    return ", ".join(prefix + column for column in columns)


def values(columns: Sequence[str]) -> str:
    """`%(a)s, %(b)s`."""
    return ", ".join(f"%({column})s" for column in columns)


def sets(columns: Sequence[str]) -> str:
    """`a = %(a)s, b = %(b)s`."""
    return ", ".join(f"{column} = %({column})s" for column in columns)


def json_value(part: TypeAdapter[Any], value: object) -> Jsonb | None:
    """What is read and written whole; None stays NULL."""
    return None if value is None else Jsonb(part.dump_python(value, mode="json"))
