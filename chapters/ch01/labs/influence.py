"""What a reading is worth: beside a lab with a query to drag, Python removes each example in turn."""

import torch

from course_utils.kernels import leave_one_out_mask


def influence(view, keys, values, pool):
    """A line under `view` that says how far the estimate moves without the largest weight, and without any other.

    view: a live `ask`; keys [K], values [K]; pool(queries, keys, values, width) -> (estimate [Q], weights [Q, K]).
    """
    import ipywidgets

    told = ipywidgets.HTML("Move the query: Python answers here, always with the Gaussian kernel.")

    def tell(_):
        query = torch.tensor([view.query], dtype=keys.dtype)
        estimate, weights = pool(query, keys, values, view.width)
        without = [pool(query, keys[kept], values[kept], view.width)[0] for kept in leave_one_out_mask(len(keys))]
        moves = torch.cat(without) - estimate
        largest, most = weights[0].argmax(), moves.abs().argmax()
        first, second = (view.view.told(keys[i].item(), ".1f") for i in (largest, most))
        told.value = (
            f"The key {first} has the largest weight: without it the estimate moves by {moves[largest]:+.2f}. "
            f"The key {second} has the largest influence: without it the estimate moves by {moves[most]:+.2f}."
        )

    view.observe(tell, names=["query", "width"])
    return told
