"""What the reader keeps of chapter 5: a Transformer."""
