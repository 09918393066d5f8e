"""What dispatch does: a function per use case, by noun, and in `events` what it does when others announce something.

Each loads, asks the domain, saves and publishes in the transaction it is given. `now` is legal time.
"""

from hotline_dispatch.handlers.events import ON_EVENT as ON_EVENT
