"""What `make test` runs: a stage that fails fails the whole, and a missing browser is never silent."""

import sys
from pathlib import Path

import find_browser
import prepare
import pytest
import run

PASS = [sys.executable, "-c", "print('fine')"]
FAIL = [sys.executable, "-c", "import sys; print('not fine'); sys.exit(3)"]


@pytest.fixture
def stages(monkeypatch):
    """stages(name=[commands], …): the stages there are."""

    def replace(**commands):
        made = {name: lambda paths, listed=listed: listed for name, listed in commands.items()}
        monkeypatch.setattr(run, "STAGES", made)
        monkeypatch.setattr(run, "ALWAYS", list(made))
        monkeypatch.setattr(prepare, "prepare", lambda needs: {})

    return replace


def test_every_stage_runs_and_one_that_fails_fails_the_whole(stages, capsys):
    stages(lint=[FAIL], unit=[PASS, PASS], parity=[])
    assert run.main([]) == 1
    said = capsys.readouterr().out
    assert "not fine" in said
    assert said.count("\nfine") == 2
    report = said.rsplit("───", 1)[-1].splitlines()
    assert [line.split()[:2] for line in report if line.strip()][2:5] == [
        ["lint", "failed"],
        ["unit", "passed"],
        ["parity", "nothing"],
    ]


def test_single_stages_can_be_named_and_unknown_ones_are_answered(stages, capsys):
    stages(lint=[PASS], unit=[FAIL])
    assert run.main(["lint"]) == 0, "those that pass are a success"
    with pytest.raises(SystemExit, match="No stage is called 'units'; there are: lint, unit"):
        run.main(["units"])


@pytest.fixture
def no_browser(monkeypatch, stages):
    """A machine on which no browser can be had."""
    stages(browser=[PASS])
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
    named = [part for name in run.ALWAYS for command in run.STAGES[name](None) for part in command]
    files = [part for part in named if part.startswith(str(run.ROOT / "tests")) and part.endswith(".py")]
    assert sorted(files) == sorted(str(path) for path in (run.ROOT / "tests").rglob("test_*.py"))
    notebooks = sorted(path.stem for path in (run.ROOT / "notebooks" / "source").glob("*.py"))
    assert sorted(Path(part).stem for part in named if part.endswith(".ipynb")) == notebooks


@pytest.mark.parametrize(
    ("paths", "stages"),
    [(["notebooks/source/01_x.py"], run.QUICK), (["README.md"], ["texts"]), (["data/x.txt"], ["drift"]), ([], [])],
)
def test_quick_skips_what_did_not_change(paths, stages):
    assert run.quick(paths) == stages and run.quick(None) == run.QUICK
    assert len(run.STAGES["lint"](["tests/run.py"])) == 2 < len(run.STAGES["lint"](None))
    assert all(run.MYPY in run.STAGES["lint"]([path]) for path in ("course.py", "chapters/ch05/labs/trained.py"))
    assert "01_x or a_chapter" in run.STAGES["drift"](["notebooks/01_x.ipynb"])[0]
