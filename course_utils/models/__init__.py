"""The models of the course, from the encoder–decoder with a GRU to BERT and GPT, and what they are made of."""
