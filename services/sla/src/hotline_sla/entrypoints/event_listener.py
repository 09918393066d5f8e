"""The process `listen`: events become rows of the inbox; what they do stands in `handlers.ON_EVENT`."""

from hotline_kernel.entrypoints.event_listener import run_listener as run

__all__ = ["run"]
