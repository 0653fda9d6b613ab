"""`course COMMAND`: what one does with the course outside a notebook."""

import argparse
import sys
from pathlib import Path


def parser():
    """The command line. Each command imports what it needs when it runs."""
    main = argparse.ArgumentParser(prog="course", description=__doc__.split(": ", 1)[1])
    commands = main.add_subparsers(dest="command", required=True, metavar="COMMAND")

    add = commands.add_parser("doctor", help="check this environment; exit status 1 if something needs doing")
    add.add_argument("--quick", action="store_true", help="leave out the test run of a notebook and the timing")

    add = commands.add_parser("lab", help="fill workbook/ and open JupyterLab on it; further options go to JupyterLab")
    add.add_argument("--fill-only", action="store_true", help="fill workbook/, and do not start JupyterLab")

    commands.add_parser("author", help="open JupyterLab on notebooks/ itself; further options go to JupyterLab")

    add = commands.add_parser("present", help="chapters for a projector, by keyboard; further options go to JupyterLab")
    add.add_argument("names", nargs="*", help="names or their beginnings, such as 01 05; without: 01")
    add.add_argument("--prepare", action="store_true", help="only run their trainings beforehand, so that nobody waits")

    add = commands.add_parser("notebooks", help="build notebooks from notebooks/source/, or check them")
    add.add_argument("names", nargs="*", help="names or their beginnings, such as 01; without: all")
    add.add_argument("--check", action="store_true", help="say which notebooks differ from their source")
    add.add_argument("--lint", action="store_true", help="check the anatomy of the notebooks")

    add = commands.add_parser("results", help="make again what the notebooks show as recorded: data/results/")
    add.add_argument("names", nargs="*", help="names or their beginnings, such as scores; without: all")

    add = commands.add_parser("progress", help="what is solved in a workbook, and what is next; or one file to hand in")
    add.add_argument("folder", nargs="?", help="the workbook; without: the one here, or workbook/ of the course")
    add.add_argument("--export", metavar="FILE", help="write the answers and their states into a JSON file")

    add = commands.add_parser("grade", help="check again, in a sandbox, what was handed in; status 1: look")
    add.add_argument("folder", help="a folder, zip or answers file (`progress --export`) for each student in it")
    add.add_argument("--out", metavar="FILE", default="grades.csv", help="the table; without: grades.csv")
    add.add_argument("--words", metavar="FILE", help="another table: what the checks say of each answer")
    add.add_argument("--jobs", type=int, help="how many at a time; without: one for each core")

    add = commands.add_parser("data", help="list the data and check them, make a table, or fetch a corpus")
    add.add_argument(
        "name", nargs="?", help="a table to make, such as co2_weekly, or a corpus to fetch, such as tatoeba-en-fr"
    )
    add.add_argument("--index", action="store_true", help="write data/tables.json after a wanted change")

    add = commands.add_parser("train", help="make a checkpoint, or go on where it was stopped; without NAME: list")
    add.add_argument("name", nargs="?", help="such as seq2seq-attention-en-fr")
    add.add_argument("--steps", type=int, help="other than the recipe's")
    add.add_argument("--fresh", action="store_true", help="forget what a stopped training has kept")
    add.add_argument("--measure", action="store_true", help="only measure the checkpoint on its test sentences again")

    add = commands.add_parser("site", help="build the website of the course from the executed notebooks")
    add.add_argument("--out", metavar="FOLDER", help="where to; without: build/site")
    add.add_argument("--repository", metavar="ADDRESS", help="https://github.com/OWNER/NAME: adds Colab and Binder")

    add = commands.add_parser("slides", help="write chapters as slides that open from disk: build/slides/")
    add.add_argument("names", nargs="*", help="names or their beginnings, such as 03; without: all")
    add.add_argument("--out", metavar="FOLDER", help="another place for them")

    add = commands.add_parser("paper", help="write chapters for paper, as HTML and PDF: build/paper/")
    add.add_argument("names", nargs="*", help="names or their beginnings, such as 03; without: all")
    add.add_argument("--out", metavar="FOLDER", help="another place for them")

    commands.add_parser("lock", help="write requirements.lock and environment.yml from what is installed")
    return main


def main(arguments=None):
    """Run one command -> exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a pipe, or a console on Windows, may know no → and no 注意力
    options, rest = parser().parse_known_args(arguments)
    if rest and options.command not in ("lab", "author", "present"):
        parser().error(f"unknown: {' '.join(rest)}")
    try:
        return _run(options, rest)
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2


def _run(options, rest):
    if options.command == "doctor":
        from course_tools.classroom import doctor

        return doctor.run(quick=options.quick)
    if options.command in ("lab", "author"):
        from course_tools.classroom import lab

        return lab.run(rest, author=options.command == "author", start=not getattr(options, "fill_only", False))
    if options.command == "present":
        from course_tools.publishing.presenting import start

        return start.run(options.names, rest, options.prepare)
    if options.command == "notebooks":
        if options.lint:
            from course_tools.authoring.rules import check

            return check.run(options.names)
        from course_tools.authoring import building

        return building.run(options.names, check=options.check)
    if options.command == "site":
        from course_tools.publishing import site

        return site.run(options.out, options.repository)
    if options.command == "slides":
        from course_tools.publishing import slides

        return slides.run(options.names, options.out)
    if options.command == "paper":
        from course_tools.publishing import paper

        return paper.run(options.names, options.out)
    if options.command == "lock":
        from course_tools.recipes import lock

        return lock.run()
    if options.command == "results":
        from course_tools.recipes import results

        return results.run(options.names)
    if options.command == "progress":
        from course_tools.classroom import handing_in, progress

        where = progress.place(options.folder)
        print(handing_in.write(where, Path(options.export)) if options.export else progress.note(where))
        return 0
    if options.command == "grade":
        from course_tools.classroom import grading

        return grading.run(options.folder, options.out, options.words, options.jobs)
    if options.command == "train":
        from course_tools.recipes.checkpoints import train

        return train.run(options.name, options.steps, options.fresh, options.measure)
    from course_tools.recipes import tables

    return tables.run(options.name, index=options.index)


if __name__ == "__main__":
    sys.exit(main())
