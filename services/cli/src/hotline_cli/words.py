"""Words that people type for the values of an enum: lower case, without the prefix."""

from typing import Any

import typer
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper


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
