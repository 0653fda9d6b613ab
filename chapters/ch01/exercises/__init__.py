"""Chapter 1, Nadaraya–Watson: three exercises in the lesson; a find-the-error and a mask in its annex."""

from .errata import DENOMINATOR
from .pooling import KERNEL, LEAVE_ONE_OUT, POOLING
from .softmax import SOFTMAX

EXERCISES = (KERNEL, POOLING, SOFTMAX, DENOMINATOR, LEAVE_ONE_OUT)  # of the lesson, then of the annex
