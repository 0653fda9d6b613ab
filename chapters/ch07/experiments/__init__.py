"""What chapter 7 measures: each file has the measurement and, where it takes long, the program that recorded it."""
