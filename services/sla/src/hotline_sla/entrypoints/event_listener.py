"""The process `listen`: events of other services become rows of sla's inbox; handlers.ON_EVENT runs in the pump."""

from hotline_kernel.entrypoints.event_listener import run_listener as run

__all__ = ["run"]
