"""What a student reads: attention, the models made of it, what trains them and writes."""

__version__ = "0.6.0"
