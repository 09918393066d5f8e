"""Who is calling: staff and channels by an OIDC token, services by their certificate (Art. 36(4))."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose identity was proven.

    subject -- `service:dispatch`, or the `sub` claim of a token; "" for a citizen without a token.
    roles -- lower case, as in `hotline.common.v1.Role` without the prefix;
    unit -- `units/…` or ""; region -- code or ""; name -- how colleagues know them, or "".
    """

    subject: str
    roles: frozenset[str]
    unit: str
    region: str
    name: str = ""


# The platform acting by itself: event handlers and due moments.
SYSTEM = Principal("system", frozenset({"service"}), "", "")
ANONYMOUS = Principal("", frozenset(), "", "")
