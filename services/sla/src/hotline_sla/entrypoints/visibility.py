"""What a unit may see: its own alone."""

from hotline_kernel.call import Call

from hotline_sla.domain.assessment import NotOwnUnit


def is_restricted(call: Call) -> bool:
    """A unit's person, who sees what is the unit's own."""
    return "unit" in call.principal.roles and "office" not in call.principal.roles


def visible_unit(call: Call, asked: str) -> str | None:
    """The unit to filter by. Raises NotOwnUnit if a unit asks for another's."""
    if not is_restricted(call):
        return asked or None
    if not call.principal.unit or asked not in ("", call.principal.unit):
        raise NotOwnUnit
    return call.principal.unit
