"""Attention: pooling with kernels, scores, scaled dot-product attention and its masks, linear attention, many heads.

Each chapter adds a file: `pooling` (1), `scores`, `scaled_dot_product` and `linear` (2), `multihead` (5).
"""

from .linear import hardmax, linear_attention, sparsemax
from .multihead import MultiHeadAttention
from .pooling import (
    KERNELS,
    NadarayaWatson,
    boxcar_kernel,
    epanechnikov_kernel,
    gaussian_kernel,
    leave_one_out_mask,
    nadaraya_watson,
)
from .scaled_dot_product import causal_mask, local_mask, masked_softmax, padding_mask, scaled_dot_product_attention
from .scores import SCORES

__all__ = ["KERNELS", "NadarayaWatson", "boxcar_kernel", "epanechnikov_kernel", "gaussian_kernel", "leave_one_out_mask"]
__all__ += ["SCORES", "causal_mask", "local_mask", "masked_softmax", "nadaraya_watson", "padding_mask"]
__all__ += ["MultiHeadAttention", "hardmax", "linear_attention", "scaled_dot_product_attention", "sparsemax"]
