"""Chapter 1, Nadaraya–Watson: four exercises and two find-the-errors."""

from .errata import DENOMINATOR, NON_PARAMETRIC
from .pooling import KERNEL, LEAVE_ONE_OUT, POOLING
from .softmax import SOFTMAX

EXERCISES = (KERNEL, POOLING, SOFTMAX, LEAVE_ONE_OUT, NON_PARAMETRIC, DENOMINATOR)  # as in the notebook
