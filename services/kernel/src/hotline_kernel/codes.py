"""Codes by which citizens follow what they brought: cannot be guessed, can be read out on the telephone (Art. 20).

15 random characters of Crockford's alphabet (75 bits) and a check character by the hybrid method of ISO 7064 with
modulus 33,32: it finds every single wrong character and nearly every pair of swapped ones.
"""

import secrets
import unicodedata

from hotline_kernel.errors import FieldInvalid

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {character: value for value, character in enumerate(_ALPHABET)}
_MISREAD = str.maketrans(
    {"O": "0", "I": "1", "L": "1", "-": None, " ": None, "\u2014": None, "\u2013": None, "\u2010": None}
)
_RANDOM_CHARACTERS = 15


def issue() -> str:
    """A new code, as printed: `7KQ2-9XMW-4B1C-D8EF`."""
    bits = secrets.randbits(5 * _RANDOM_CHARACTERS)
    code = "".join(_ALPHABET[bits >> 5 * place & 31] for place in range(_RANDOM_CHARACTERS))
    return _grouped(code + _check_character(code))


def read(*, typed: str, field: str) -> str:
    """The code as printed, from what somebody typed.

    Case, spaces, hyphens and full width do not matter; O is read as 0, I and L as 1.
    field -- where it stands in the request.
    Raises `FieldInvalid` if it cannot be a code or its check character does not fit.
    """
    code = unicodedata.normalize("NFKC", typed).upper().translate(_MISREAD)
    if len(code) != _RANDOM_CHARACTERS + 1 or not _VALUE.keys() >= set(code) or code[-1] != _check_character(code[:-1]):
        raise FieldInvalid(violations=[(field, "is mistyped: compare it with the receipt")])
    return _grouped(code)


def _check_character(code: str) -> str:
    size = len(_ALPHABET)
    product = size
    for character in code:
        total = (product + _VALUE[character]) % size or size
        product = total * 2 % (size + 1)
    return _ALPHABET[(size + 1 - product) % size]


def _grouped(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
