"""The RPCs of dispatch, by noun."""

from hotline_dispatch.entrypoints.hands import HandRpcs
from hotline_dispatch.entrypoints.joining import JoiningRpcs
from hotline_dispatch.entrypoints.leads import LeadRpcs
from hotline_dispatch.entrypoints.matters import MatterRpcs
from hotline_dispatch.entrypoints.orders import OrderRpcs
from hotline_dispatch.entrypoints.units import UnitRpcs


class DispatchServicer(OrderRpcs, HandRpcs, JoiningRpcs, MatterRpcs, LeadRpcs, UnitRpcs):
    """Answers `hotline.dispatch.v1.DispatchService`."""
