"""What the reader keeps of chapter 8: a Llama, the losses of post-training, and what talks and serves."""
