"""What `make test` runs: a stage that fails fails the whole, and a missing browser is never silent."""

import sys
from pathlib import Path

import prepare
import pytest
import run
from running import find_browser, stages

PASS = [sys.executable, "-c", "print('fine')"]
FAIL = [sys.executable, "-c", "import sys; print('not fine'); sys.exit(3)"]


@pytest.fixture
def only(monkeypatch):
    """only(name=[commands], …): the stages there are, which run these."""

    def replace(**commands):
        made = {name: stages.STAGES[name]._replace(commands=lambda paths, x=x: x) for name, x in commands.items()}
        monkeypatch.setattr(stages, "STAGES", made)
        monkeypatch.setattr(stages, "ALWAYS", list(made))
        monkeypatch.setattr(prepare, "prepare", lambda needs: {})

    return replace


def test_every_stage_runs_and_one_that_fails_fails_the_whole(only, capsys):
    only(lint=[FAIL], unit=[PASS, PASS], shapes=[])
    assert run.main([]) == 1
    said = capsys.readouterr().out
    assert "not fine" in said
    assert said.count("\nfine") == 2
    report = said.rsplit("───", 1)[-1].splitlines()
    assert [line.split()[:2] for line in report if line.strip()][2:5] == [
        ["lint", "failed"],
        ["unit", "passed"],
        ["shapes", "nothing"],
    ]


def test_single_stages_can_be_named_and_unknown_ones_are_answered(only, capsys):
    only(lint=[PASS], unit=[FAIL])
    assert run.main(["lint"]) == 0, "those that pass are a success"
    with pytest.raises(SystemExit, match="No stage is called 'units'; there are: lint, unit"):
        run.main(["units"])


@pytest.fixture
def no_browser(monkeypatch, only):
    """A machine on which no browser can be had."""
    only(browser=[PASS])
    monkeypatch.setattr(prepare, "prepare", lambda needs: {"browser": find_browser.HOW} if "browser" in needs else {})


def test_without_a_browser_ci_starts_no_stage(no_browser, monkeypatch, capsys):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SystemExit, match="nothing is skipped"):
        run.main(["browser"])
    assert "playwright install chromium" in capsys.readouterr().out


def test_without_a_browser_others_are_told_and_the_rest_runs(no_browser, monkeypatch, capsys):
    monkeypatch.delenv("CI", raising=False)
    assert run.main(["browser"]) == 0
    said = capsys.readouterr().out
    assert "playwright install chromium" in said and "skipped: no browser" in said


def test_the_stages_cover_every_test_there_is_once():
    """No test file of the repository is forgotten, and none runs twice in one `make test`."""
    named = [part for name in stages.ALWAYS for command in stages.STAGES[name].commands(None) for part in command]
    files = [part for part in named if part.startswith(str(stages.ROOT / "tests")) and part.endswith(".py")]
    assert sorted(files) == sorted(str(path) for path in (stages.ROOT / "tests").rglob("test_*.py"))
    notebooks = sorted(path.stem for path in (stages.ROOT / "notebooks" / "source").glob("*.py"))
    assert sorted(Path(part).stem for part in named if part.endswith(".ipynb")) == notebooks


@pytest.mark.parametrize(
    ("paths", "chosen"),
    [(["notebooks/source/01_x.py"], stages.QUICK), (["README.md"], ["texts"]), (["data/x.txt"], ["drift"]), ([], [])],
)
def test_quick_skips_what_did_not_change(paths, chosen):
    assert stages.quick(paths) == chosen and stages.quick(None) == stages.QUICK == ["lint", "drift", "texts"]
    assert len(stages.lint(["tests/unit/test_run.py"])) == 2 < len(stages.lint(None))
    read = ("course.py", "chapters/ch05/labs/trained.py", "tests/running/stages.py", "pyproject.toml")
    assert all(stages.MYPY in stages.lint([path]) for path in read)
    assert "01_x or a_chapter" in stages.drift(["notebooks/01_x.ipynb"])[0]
