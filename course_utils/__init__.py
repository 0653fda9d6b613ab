"""What a student reads: attention, the models made of it, and the little that trains them and lets them write."""

__version__ = "0.3.0"
