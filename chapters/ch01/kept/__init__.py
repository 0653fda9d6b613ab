"""What the reader keeps of chapter 1: attention pooling."""
