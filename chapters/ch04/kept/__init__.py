"""What the reader keeps of chapter 4: positions."""
