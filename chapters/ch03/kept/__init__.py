"""What the reader keeps of chapter 3: a translator."""
