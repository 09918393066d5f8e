"""Work orders and units, as the regulation wants them.

Nothing here knows a database, a clock or a wire. Times are legal time, aware of their zone.
"""
