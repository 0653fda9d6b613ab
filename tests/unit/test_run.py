"""What `make test` runs: a stage that fails fails the whole, and a missing browser is never silent."""

import io
import os
import sys

import find_browser
import pytest
import run

PASS = [sys.executable, "-c", "print('fine')"]
FAIL = [sys.executable, "-c", "import sys; print('not fine'); sys.exit(3)"]


@pytest.fixture
def stages(monkeypatch):
    """stages(name=[commands], …): the stages there are."""

    def replace(**commands):
        made = {name: lambda listed=listed: listed for name, listed in commands.items()}
        monkeypatch.setattr(run, "STAGES", made)
        monkeypatch.setattr(run, "ALWAYS", list(made))

    return replace


def test_every_stage_runs_and_one_that_fails_fails_the_whole(stages, capsys):
    stages(lint=[FAIL], unit=[PASS, PASS], parity=[])
    assert run.main([]) == 1
    said = capsys.readouterr().out
    assert "not fine" in said
    assert said.count("\nfine") == 2
    report = said.rsplit("───", 1)[-1].splitlines()
    assert [line.split()[:2] for line in report if line.strip()][:3] == [
        ["lint", "failed"],
        ["unit", "passed"],
        ["parity", "nothing"],
    ]


def test_all_passing_is_success(stages):
    stages(lint=[PASS], unit=[PASS])
    assert run.main([]) == 0


def test_single_stages_can_be_named_and_unknown_ones_are_answered(stages, capsys):
    stages(lint=[PASS], unit=[FAIL])
    assert run.main(["lint"]) == 0
    with pytest.raises(SystemExit, match="No stage is called 'units'; there are: lint, unit"):
        run.main(["units"])


def test_options_after_two_dashes_reach_pytest(stages, capsys):
    stages(unit=[[*run.PYTEST, __file__]])
    assert run.main(["unit", "--", "--no-such-option"]) == 1
    assert "--no-such-option" in capsys.readouterr().out


@pytest.mark.parametrize(("ci", "outcome"), [("true", "failed: no browser"), ("", "skipped: no browser")])
def test_without_a_browser_ci_fails_and_others_are_told(monkeypatch, ci, outcome):
    monkeypatch.setattr(find_browser, "obtain", lambda say: "")
    monkeypatch.setenv("CI", ci)
    said = io.StringIO()
    assert run.stage("browser", (), said) == outcome
    assert "playwright install chromium" in said.getvalue()


def test_a_wrong_name_of_a_browser_fails_with_words(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/nowhere/chrome")
    said = io.StringIO()
    assert run.stage("browser", (), said) == "failed: no browser"
    assert "CHROMIUM is '/nowhere/chrome'" in said.getvalue()


def test_the_stages_cover_every_test_there_is():
    """No test file of the repository is forgotten."""
    named = set()
    for name in [*run.ALWAYS, "solved"]:
        named |= {part for command in run.STAGES[name]() for part in command if part.endswith(".py")}
    there = {str(path) for path in (run.ROOT / "tests").rglob("test_*.py")}
    assert there <= named


def test_every_notebook_with_a_source_is_run_again_once():
    commands = [command for half in (0, 1) for command in run.nbval(half)]
    there = sorted(path.stem for path in (run.ROOT / "notebooks" / "source").glob("*.py"))
    named = [part.rsplit("/", 1)[-1] for command in commands for part in command if part.endswith(".ipynb")]
    assert sorted(named) == [f"{name}.ipynb" for name in there]
    assert all("--nbval-lax" in command for command in commands)


def test_nbval_is_both_halves_and_what_needs_its_trainings_waits(stages, capsys, tmp_path):
    late = [sys.executable, "-c", f"import time; time.sleep(1); open({str(tmp_path / 'late')!r}, 'w')"]
    look = [sys.executable, "-c", f"import sys, os; sys.exit(not os.path.exists({str(tmp_path / 'late')!r}))"]
    stages(**{"nbval-1": [PASS], "nbval-2": [late], "solved": [look]})
    assert run.main(["nbval", "solved"]) == 0
    assert "nbval-1, nbval-2, solved" in capsys.readouterr().out


class TestFindBrowser:
    def test_a_browser_may_be_named(self, monkeypatch):
        monkeypatch.setenv("CHROMIUM", sys.executable)
        assert find_browser.executable() == sys.executable

    def test_a_wrong_name_is_an_error_not_a_skip(self, monkeypatch):
        monkeypatch.setenv("CHROMIUM", "/nowhere/chrome")
        with pytest.raises(FileNotFoundError, match="'/nowhere/chrome', which is not a program"):
            find_browser.executable()

    @pytest.fixture
    def bare(self, monkeypatch):
        """A machine without a browser; notes what is called to get one."""
        for name in ("CHROMIUM", "CI"):
            monkeypatch.delenv(name, raising=False)
        called = []
        monkeypatch.setattr(find_browser, "_run", lambda command, **_: called.append(command) or False)
        monkeypatch.setattr(find_browser, "_playwrights_own", lambda: "")
        real = find_browser.shutil.which
        monkeypatch.setattr(
            find_browser.shutil, "which", lambda name, **_: real(name) if name in ("apt-get", "sh") else None
        )
        return called

    def test_playwright_is_asked_first(self, bare, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
        assert find_browser.obtain(lambda _: None) == ""
        assert [command[1:] for command in bare] == [["-m", "playwright", "install", "chromium"]]

    def test_then_the_package_where_one_is_root_on_debian(self, bare, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
        monkeypatch.setattr(find_browser.shutil, "which", lambda name, **_: name if name == "apt-get" else None)
        assert find_browser.obtain(lambda _: None) == ""
        assert [command[:2] for command in bare[1:]] == 2 * [["apt-get", "update"], ["apt-get", "install"]]
        assert "chromium-headless-shell" in bare[2] and "chromium" in bare[4]

    def test_a_font_for_chinese_is_fetched_where_there_is_none(self, bare, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
        monkeypatch.setattr(find_browser.shutil, "which", lambda name, **_: name)
        monkeypatch.setattr(find_browser, "_says", lambda command: b"")
        find_browser.draws_chinese.cache_clear()
        assert not find_browser.draws_chinese() and "fonts-wqy-microhei" in bare[-1]
        find_browser.draws_chinese.cache_clear()
