"""What a reading is worth: beside a lab with a query to drag, Python removes each example in turn."""

import torch

from course_utils.attention import leave_one_out_mask


def influence(view, keys, values, pool):
    """A line under `view` that says how far the estimate moves without the largest weight, and without any other.

    view: a live `ask`; keys [K], values [K]; pool(queries, keys, values, width) -> (estimate [Q], weights [Q, K]).
    """
    import ipywidgets

    told = ipywidgets.HTML("Python answers here, with the Gaussian kernel: move the query.")

    def tell(_):
        query = torch.tensor([view.query], dtype=keys.dtype)
        estimate, weights = pool(query, keys, values, view.width)
        without = [pool(query, keys[kept], values[kept], view.width)[0] for kept in leave_one_out_mask(len(keys))]
        moves = torch.cat(without) - estimate
        largest, most = weights[0].argmax(), moves.abs().argmax()
        told.value = (
            f"Largest weight: {keys[largest]:.1f}; without it the estimate moves by {moves[largest]:+.2f}. "
            f"Largest influence: {keys[most]:.1f}; without it, by {moves[most]:+.2f}."
        )

    view.observe(tell, names=["query", "width"])
    return told
