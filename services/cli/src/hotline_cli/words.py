"""Words that people type for the values of an enum, lower case and without the prefix; and the days they type."""

from datetime import datetime
from typing import Any

import typer
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.type.date_pb2 import Date


def civil_date(typed: datetime | None) -> Date | None:
    """A day that was typed, as it travels."""
    return Date(year=typed.year, month=typed.month, day=typed.day) if typed else None


class Word:
    """The words of one enum."""

    def __init__(self, enum: Any, prefix: str) -> None:
        """enum -- as generated;  prefix -- of its values, without the last underscore."""
        self._enum: EnumTypeWrapper = enum
        self._prefix = f"{prefix}_"

    def value(self, word: str, option: str) -> Any:
        """The number of a word. Raises `typer.BadParameter` naming the words there are."""
        name = self._prefix + word.upper().replace("-", "_")
        if name not in self._enum.keys():  # noqa: SIM118  (not a dict)
            words = [k.removeprefix(self._prefix).lower() for k in self._enum.keys()[1:]]
            raise typer.BadParameter(f"is one of {', '.join(words)}", param_hint=option)
        return self._enum.Value(name)
