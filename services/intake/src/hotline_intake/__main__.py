"""`python -m hotline_intake serve | listen | pump | migrate pre|post | declare | check`."""

from typing import Any

from hotline_kernel.process import Application, main

from hotline_intake.settings import Settings


def build(settings: Settings) -> Application[Any]:
    """Imports the wiring only for the processes that need it: `listen` must load no grpc."""
    from hotline_intake import bootstrap  # noqa: PLC0415

    return bootstrap.build(settings)


if __name__ == "__main__":
    main(service="intake", settings_type=Settings, build=build, package="hotline_intake")
