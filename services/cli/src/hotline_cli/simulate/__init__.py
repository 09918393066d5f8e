"""Plays a city on a virtual clock, through the public interfaces only."""
