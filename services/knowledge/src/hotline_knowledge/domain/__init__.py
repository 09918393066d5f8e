"""The rules of knowledge, pure: what is written, reviewed, served and looked after (Art. 9, 10(4), 17-19, 31)."""
