"""The labs of chapter 6: small experiments that compute in the browser while the hand moves, and drawings."""

from course_kit.views.heads import heads

from .drawings import answer, exam, leak, logits, low_rank, norms, rows, task_heads, training_step
from .mask_tokens import mask_tokens
from .predictions import predictions
