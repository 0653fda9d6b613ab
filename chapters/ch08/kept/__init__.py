"""What the reader keeps of chapter 8: a Llama, and what talks."""
