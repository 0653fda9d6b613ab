"""`course COMMAND`: what you do with the course outside a notebook."""

import argparse
import importlib
import sys

from course_kit.i18n import mark, sentences, t

OF_ARGPARSE = (  # what it says by itself, in the language in use
    *(mark("usage: "), mark("options"), mark("positional arguments"), mark("show this help message and exit")),
    *(mark("%(prog)s: error: %(message)s\n"), mark("the following arguments are required: %s")),
    *(mark("argument %(argument_name)s: %(message)s"), mark("expected one argument")),
    mark("invalid choice: %(value)r (choose from %(choices)s)"),
)


def parser() -> argparse.ArgumentParser:
    """The command line. Each command names the module whose `run` it calls, imported only then."""
    argparse._ = t  # type: ignore[attr-defined]
    main = argparse.ArgumentParser(prog="course", description=t("what you do with the course outside a notebook."))
    names = t("names or their beginnings, such as 03; without: all")
    commands = main.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, module: str, help: str, **more: object) -> argparse.ArgumentParser:
        add = commands.add_parser(name, help=help)
        add.set_defaults(module=f"course_tools.{module}", **more)
        return add

    add = command("doctor", "classroom.doctor", t("check this environment; exit status 1 if something needs doing"))
    add.add_argument("--quick", action="store_true", help=t("leave out the test run of a notebook"))

    about = t("fill workbook/ and open JupyterLab on it; further options go to JupyterLab")
    add = command("lab", "classroom.lab", about, arguments=())

    about = t("open JupyterLab on notebooks/ itself; further options go to JupyterLab")
    command("author", "classroom.lab", about, arguments=(), author=True)

    about = t("chapters for a projector, by keyboard; further options go to JupyterLab")
    add = command("present", "classroom.presenting.start", about, arguments=())
    add.add_argument("names", nargs="*", help=t("names or their beginnings, such as 01 05, or 05 annex; without: 01"))
    about = t("only say what of each lesson should have a screen, and has none")
    add.add_argument("--screens", action="store_true", help=about)

    add = command("notebooks", "authoring.command", t("build notebooks from notebooks/source/, or check them"))
    add.add_argument("names", nargs="*", help=names)
    add.add_argument("--check", action="store_true", help=t("say which notebooks differ from their source"))
    add.add_argument("--lint", action="store_true", help=t("check the anatomy of the notebooks"))
    about = t("carry changed Markdown into the built notebooks; run nothing")
    add.add_argument("--text", action="store_true", help=about)

    about = t("bring the catalogues of another language in step, and build it")
    add = command("translate", "translation.notebooks", about)
    add.add_argument("names", nargs="*", help=names)
    add.add_argument("--check", action="store_true", help=t("say what is fuzzy, missing or drifted; write nothing"))
    add.add_argument("--catalogue", action="store_true", help=t("only the catalogues"))
    add.add_argument("--text", action="store_true", help=t("run nothing: cells keep what they show"))
    add.add_argument("--to", help=t("the language; without: the one in use, or the only one in locale/"))

    about = t("write docs/lesson_plans.md, and the minutes in README.md, from the notebooks")
    command("plans", "classroom.plans", about)

    add = command("views", "authoring.bundle", t("build the program of the views, or check it and test it"))
    add.add_argument("names", nargs="*", help=t("with --check: of tests; without: all"))
    add.add_argument("--check", action="store_true", help=t("write nothing"))

    add = command("results", "recipes.results", t("make again what the notebooks show as recorded: data/results/"))
    add.add_argument("names", nargs="*", help=t("names or their beginnings, such as scores; without: all"))
    about = t("with notebook_times: only this one, such as 05_transformer (may be given again)")
    add.add_argument("--notebook", action="append", default=[], dest="notebooks", metavar="NAME", help=about)

    add = command("progress", "classroom.progress", t("what is solved in a workbook, and what is next"))
    add.add_argument("folder", nargs="?", help=t("the workbook; without: the one here, or workbook/ of the course"))

    about = t("a whole model from an empty file: mine/scratch/NAME.py; without NAME: list them")
    add = command("scratch", "classroom.scratch", about)
    add.add_argument("name", nargs="?", help=t("such as transformer"))
    add.add_argument("folder", nargs="?", help=t("the workbook; without: the one here, or workbook/ of the course"))

    about = t("an hour's problem of a lesson: lay it down in the workbook, or judge what is there; pytest does it")
    add = command("problem", "classroom.problems", about)
    add.add_argument("name", help=t("a chapter's number, such as 05"))
    about = t("judge in a sandbox a folder of hand-ins, a .py file or a folder for each student")
    add.add_argument("--all", dest="hand_ins", metavar="HANDINS", help=about)
    add.add_argument("--out", metavar="FILE", default="problem.csv", help=t("their table; without: problem.csv"))

    about = t("a lesson's exercises as nbgrader's hand-out; or a track's file")
    add = command("assign", "classroom.assignments", about)
    add.add_argument("name", help=t("a chapter's number, such as 05, or a track, such as transformer"))
    add.add_argument("--out", metavar="FOLDER", default=".", help=t("the one of nbgrader; without: the one here"))

    about = t("judge in a sandbox what was handed in, between nbgrader's collecting and its feedback")
    add = command("grade", "classroom.grading", about)
    add.add_argument("name", help=t("of the assignment, such as 05"))
    about = t("what a learning platform gives, a folder or a zip; without: what is in submitted/")
    add.add_argument("folder", nargs="?", help=about)

    add = command("data", "recipes.data", t("list the data and check them, or fetch a corpus"))
    add.add_argument("name", nargs="?", help=t("a corpus to fetch, such as tatoeba-en-fr"))
    about = t("write data/tables.json after a table was changed on purpose")
    add.add_argument("--index", action="store_true", help=about)

    about = t("make a checkpoint, or resume where its training was stopped; without NAME: list them")
    add = command("train", "recipes.checkpoints.train", about)
    add.add_argument("name", nargs="?", help=t("such as seq2seq-attention-en-fr"))
    add.add_argument("--fresh", action="store_true", help=t("forget what a stopped training has kept"))

    add = command("site", "publishing.site", t("build the website of the course from the executed notebooks"))
    add.add_argument("--out", metavar="FOLDER", help=t("where to; without: build/site"))
    about = t("https://github.com/OWNER/NAME, where readers report errors")
    add.add_argument("--repository", dest="address", metavar="ADDRESS", help=about)

    return main


def main(arguments: list[str] | None = None) -> int:
    """Run one command -> exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a pipe, or a console on Windows, may know no → and no 注意力
    given, rest = parser().parse_known_args(arguments)
    options = vars(given)
    if rest and "arguments" not in options:
        parser().error(t("unknown: {options}", options=" ".join(rest)))
    if rest:
        options["arguments"] = rest
    try:
        return importlib.import_module(options.pop("module")).run(**options)
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        from course_tools.classroom.environment import install_hint

        module = (error.name or "").partition(".")[0]
        if not (todo := install_hint(module)):
            raise
        why = t("This command needs {module}, which {python} does not have.", module=module, python=sys.executable)
        print(sentences(why, todo), file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
