"""The rules of intake, pure: what may happen to an appeal and what its citizen is told (Art. 2, 4-6, 20-21, 26)."""
