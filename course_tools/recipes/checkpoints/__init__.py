"""The recipes of the shipped checkpoints, and the program that trains them."""
