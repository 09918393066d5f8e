"""Resource names: `callbacks/{uuid}` (AIP-122)."""

from uuid import UUID

from hotline_kernel.errors import FieldInvalid


def uuid_of(name: str, *, field: str = "name") -> UUID:
    """The id in a resource name.

    field -- where the name stood in the request. Raises `FieldInvalid` if what stands there is no id: the contract's
    patterns let through some that are none.
    """
    try:
        return UUID(name.rpartition("/")[2])
    except ValueError as error:
        raise FieldInvalid(violations=[(field, "must be the name of a resource")]) from error
