"""Every control of a view, moved over its whole range."""

from course_kit.views.view import at


def sweep(view) -> int:
    """-> number of states visited. A live view's traits are moved, so that observers run."""
    shown, before, visited = getattr(view, "view", view), dict(view.state), 0
    for control in shown.controls:
        values, name = control.get("values", control.get("options", [])), control["name"]
        if control["kind"] == "toggles":
            every = range(len(values))
            values = [[i == j for j in every] for i in every] + [[True for _ in every], [False for _ in every]]
        for value in values:
            state = at(shown, **{name: value})
            state.describe(), state.table()
            if view is not shown:
                setattr(view, name, value)
                setattr(view, name, before[name])
        if values:
            state.to_image()
        visited += len(values)
    return visited
