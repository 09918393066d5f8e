"""Who brings an appeal: what is asked of them, and how staff are kept from writing it down (Art. 24(1), 36(4))."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from hotline_kernel.errors import FieldInvalid, Refused

_SEPARATORS = re.compile(r"[\s\-\u2010-\u2015()（）]")
_COUNTRY_CODE = re.compile(r"^(?:\+86|0086|86(?=1\d{10}$))")


class CitizenErased(Refused):
    """The citizen was erased; what they brought is not readable any more."""

    reason = "CITIZEN_ERASED"
    article = "Art. 36(4)"
    zh = "该群众的个人信息已依法删除，不能再查看。"


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Name, number and address as given with one appeal; never shown by `repr`, so that no log line can hold them."""

    full_name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    address: str = field(default="", repr=False)

    @property
    def is_anonymous(self) -> bool:
        """No name or number was given."""
        return not self.full_name and not self.phone

    def refuse_in(self, *, texts: Iterable[tuple[str, str]]) -> None:
        """Sees to it that what staff write, and units read, does not name the citizen (Art. 36(4)).

        texts -- field path and text. Raises `FieldInvalid` with every field that holds the name or the number.
        """
        number = normalised_phone(phone=self.phone).removeprefix("0") if self.phone else ""
        told = [
            (path, "must not name the citizen: leave out name and telephone number (Art. 36(4))")
            for path, text in texts
            if (len(self.full_name) > 1 and self.full_name in text) or (number and number in _SEPARATORS.sub("", text))
        ]
        if told:
            raise FieldInvalid(violations=told)


def normalised_phone(*, phone: str) -> str:
    """One way to write a number: with or without the country's code, it is the same telephone."""
    digits = _SEPARATORS.sub("", phone)
    national, replaced = _COUNTRY_CODE.subn("", digits)
    is_landline = replaced and not national.startswith(("0", "1"))
    return f"0{national}" if is_landline else national
