"""Notebooks without the state of widgets, which dies with the kernel: the HTML of their views is shown instead."""

from typing import Any

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
STAND_IN = "<p><em>One part of this needs Python: run this cell again to see it.</em></p>"


def clean(notebook: Any) -> bool:
    """Take widget views and widget state out of a notebook, in place.

    notebook  nbformat 4 content, as a dict or NotebookNode
    An output that has no HTML of its own gets one line that says how to bring the controls back.
    -> True if anything was changed
    """
    changed = notebook.get("metadata", {}).pop("widgets", None) is not None
    for cell in notebook.get("cells", []):
        for output in cell.get("outputs", []):
            data = output.get("data")
            if not isinstance(data, dict) or not {WIDGET_VIEW, WIDGET_STATE} & data.keys():
                continue
            changed = True
            had_view = data.pop(WIDGET_VIEW, None) is not None
            data.pop(WIDGET_STATE, None)
            if had_view and "text/html" not in data:
                data["text/html"] = STAND_IN
    return changed
