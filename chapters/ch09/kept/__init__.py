"""What the reader keeps of chapter 9: the losses of post-training, and the loops that use them."""
