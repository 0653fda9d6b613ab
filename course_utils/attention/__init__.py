from .multihead import KeyValues, MultiHeadAttention, recording
from .scaled_dot_product import (
    LONGEST,
    broadcast,
    causal_mask,
    local_mask,
    masked_softmax,
    padding_mask,
    scaled_dot_product_attention,
)
