"""Text of the reader's own in a view: what a trained model says of it is computed in the page (ask_model.js)."""

from course_utils.training.checkpoints import folder

from .view import View


def asking(view: View, model: str | None, *modules: str) -> View:
    """The view with a field for the reader's own text, answered by the trained model of that name; None: without.

    modules: further ES modules that the answer needs. Raises ValueError where there is no such model.
    """
    if model is None:
        return view
    if not (folder() / f"{model}.json").exists():
        names = sorted(card.stem for card in folder().glob("*.json"))
        raise ValueError(f"there is no trained model {model!r}; choose among {names}")
    first, *rest = view.modules
    view.modules = (first, "models/load", "ask_model", *modules, *rest)
    view.options["model"] = model
    view.state["own"] = ""
    return view
