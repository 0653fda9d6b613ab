"""The drawing of a whole model: every part can be chosen, and says what it is."""

from torch import nn

from course_kit.i18n import sentences, t
from course_kit.programs.arguments import one_of
from course_kit.views.architecture_columns import drawing
from course_kit.views.architecture_parts import Part, Parts
from course_kit.views.live import shell
from course_kit.views.table import TextTable
from course_kit.views.view import View

TITLE = t("What is inside a Transformer?")
CAPTION = t("The data flow upwards. Choose a part: what is it for, and which class makes it?")
ENDS = "in", "out", "words", "follows"  # of a part; what it computes in between is not in the table


class Architecture(View):
    """See `architecture`, which makes it."""

    kind = "architecture"
    colours, scale = 12, 1.1
    parts: Parts

    def describe(self) -> str:
        names = []
        for column in self.options["columns"]:
            said = t(", ").join(self._names(column))
            names.append(t("{name}: {text}", name=column["name"].lower(), text=said) if column["name"] else said)
        whole, chosen = self.parts["model"], self.parts.get(self.state["part"])
        said = t(
            "{name}, {parameters} parameters. From below, {names}.",
            name=whole.name,
            parameters=whole.parameters,
            names=t("; ").join(names),
        )
        for column in self.options["columns"]:
            changed = [
                f"{note['mark']} " + t("{name}: {text}", name=self.parts[note["key"]].name, text=note["text"])
                for note in column.get("notes", ())
            ]
            said = sentences(
                said, t("Changed since a GPT: {changed}.", changed=t("; ").join(changed)) if changed else ""
            )
        return sentences(said, t("Chosen: {name}. {about}", name=chosen.name, about=chosen.about) if chosen else "")

    def _names(self, column: dict) -> list[str]:
        """The parts of a column, from below."""
        names: list[str] = []
        for row in column["rows"]:
            if row["kind"] != "block":
                names.append(self.parts[row["key"]].name)
                continue
            inside = [self.parts[one["inside"]].name for one in row["rows"]]
            names.append(
                t("{label} blocks of {inside}", label=self.parts[row["key"]].label[2:], inside=t(" and ").join(inside))
            )
        return names

    def table(self) -> TextTable:
        rows = [[one.name, one.made, " → ".join(shapes(one)), one.parameters] for one in self.parts.values()]
        return TextTable([t("part"), t("class"), t("shapes"), t("parameters")], rows)


def shapes(part: Part) -> list[str]:
    """What goes into a part and what comes out, in numbers where they are known."""
    return [numbers or letters for what, letters, numbers in part.shapes if what in ENDS]


def architecture(
    model: nn.Module,
    *,
    select: str | None = None,
    title=TITLE,
    caption=CAPTION,
    live=False,
):
    """A Transformer as a drawing, each part of which can be chosen: what it is for, its class, shapes and parameters.

    model: a Transformer, BERT, GPT or Llama of course_utils, or a checkpoint with one. Beside a Llama stands what
    differs from a GPT.
    select: the part that is chosen, by its path in the model ("encoder.attention", "output"), "model", "memory" or
    "softmax"; None: the reader chooses.
    live=True: Python hears `part`.

    Returns a view: .parts (path -> Part) and what all views have.
    Raises ValueError or TypeError that says what was given and what is needed.
    """
    model = getattr(model, "model", model)
    parts, columns = drawing(model)
    if select is not None:
        one_of("select", select, parts)
    sent = {path: {name: x for name, x in one._asdict().items() if name != "count"} for path, one in parts.items()}
    options = {"parts": sent, "columns": columns}
    view = Architecture(title, caption, {}, {"part": select or ""}, (), options)
    view.parts = parts
    return shell(view, live)
