"""What the regulation says about deadlines, supervision and assessment. Pure: no I/O, no clock, no framework."""
