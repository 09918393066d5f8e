"""`python -m hotline_dispatch serve | listen | pump | migrate pre|post | declare | check`."""

from typing import Any

from hotline_kernel.process import Application, main

from hotline_dispatch.settings import Settings


def build(settings: Settings) -> Application[Any]:
    """Wires the service; imported late, because `listen` must never load grpc."""
    from hotline_dispatch.bootstrap import build as wire  # noqa: PLC0415

    return wire(settings)


if __name__ == "__main__":
    main(service="dispatch", settings_type=Settings, build=build, package="hotline_dispatch")
