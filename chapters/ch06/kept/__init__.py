"""What the reader keeps of chapter 6: a BERT."""
