"""What I wrote in chapter 5."""

from course_utils.attention import join_heads
from course_utils.attention import scaled_dot_product_attention
from course_utils.attention import split_heads


def multi_head(q, k, v, heads, mask=None):
    q, k, v = (split_heads(x, heads) for x in (q, k, v))
    if mask is not None and mask.ndim == 3:
        mask = mask.unsqueeze(1)  # the same for all heads
    out, weights = scaled_dot_product_attention(q, k, v, mask)
    return join_heads(out), weights
