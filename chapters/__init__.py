"""What belongs to one chapter: its exercises, labs and experiments. A chapter uses earlier ones, never later ones."""
