"""What the reader keeps of chapter 2: attention, and a room to try it in."""
