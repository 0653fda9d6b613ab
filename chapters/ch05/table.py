"""A widely used lecture's table of six words and their probabilities, as it is printed: a row a step."""

import torch

VOCABULARY = ["a", "am", "I", "thanks", "student", "<eos>"]
TABLE = torch.tensor(  # as it is printed
    [
        [0.01, 0.02, 0.93, 0.01, 0.03, 0.01],
        [0.01, 0.8, 0.1, 0.05, 0.01, 0.03],
        [0.99, 0.001, 0.001, 0.001, 0.002, 0.001],
        [0.001, 0.002, 0.001, 0.02, 0.94, 0.01],
        [0.01, 0.01, 0.001, 0.001, 0.001, 0.98],
    ]
)
