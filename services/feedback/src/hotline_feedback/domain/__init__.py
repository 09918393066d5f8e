"""What citizens say afterwards, and what follows from it (Art. 30, 34).

Nothing here knows a database, a clock or a wire. Times are legal time, aware of their zone.
"""
