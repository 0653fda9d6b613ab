"""What the reader keeps of chapter 7: a GPT, a tokenizer, and the commands that train it and write with it."""
