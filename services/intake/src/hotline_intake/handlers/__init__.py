"""What intake does, one function a use case, a module a noun: load, decide, save, publish.

`permission` is the permission under which a deed is put on record (Art. 36(4)); `now` is legal time.
"""

from hotline_intake.handlers.appeals import ON_EVENT

__all__ = ["ON_EVENT"]
