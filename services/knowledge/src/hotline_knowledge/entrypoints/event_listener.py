"""The process `listen`: events become rows of the inbox; what they do stands in `handlers.ON_EVENT`."""

from hotline_kernel.entrypoints.event_listener import run_listener  # first: it patches the standard library

from hotline_knowledge.settings import Settings

if __name__ == "__main__":
    run_listener(Settings.load(service="knowledge"))
