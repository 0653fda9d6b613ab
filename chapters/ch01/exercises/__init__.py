"""Chapter 1, Nadaraya–Watson: four exercises and a find-the-error."""

from .errata import DENOMINATOR
from .pooling import KERNEL, LEAVE_ONE_OUT, POOLING
from .softmax import SOFTMAX

EXERCISES = (KERNEL, POOLING, DENOMINATOR, SOFTMAX, LEAVE_ONE_OUT)  # as in the notebook
