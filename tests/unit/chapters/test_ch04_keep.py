"""What chapter 4 leaves behind: positions with the numbers of the library, whoever wrote its functions."""

import runpy
import subprocess
import sys

import pytest
import torch
from own_package import solve

import chapters.ch04
from chapters.ch04.keep import FILE
from course_kit.mine import keeping
from course_kit.plain import plain
from course_utils import positions, rotary

ANSWERS = {
    "sinusoidal encoding": plain(positions.sinusoidal_encoding),
    "shift matrix": plain(positions.shift_matrix),
    "rotary": plain(rotary.rotary),
}


@pytest.mark.parametrize("count", [0, 2, 3])
def test_with_nothing_some_and_all_solved_it_gives_the_numbers_of_the_library(book, count):
    assert chapters.ch04.EXERCISES
    for name, text in list(ANSWERS.items())[:count]:
        solve(name, text, frequencies=positions.frequencies, rotation=rotary.rotation, turn=rotary.turn)
    made = keeping.written(FILE, {})
    assert f"{count} of 3 functions are yours" in made.text and "course_" not in made.text and not made.notes
    (book / "kept.py").write_text(made.text, "utf-8")
    kept = runpy.run_path(str(book / "kept.py"))
    kept["check"]()
    x = torch.randn(2, 60, 8)
    torch.testing.assert_close(kept["SinusoidalPositions"](50, 8)(x), positions.SinusoidalPositions(50, 8)(x))
    torch.testing.assert_close(kept["rotary"](x[0], torch.arange(60)), rotary.rotary(x[0], torch.arange(60)))


def test_rotary_positions_work_at_twice_the_length_and_learned_ones_do_not(tmp_path):
    (tmp_path / "positions.py").write_text(keeping.written(FILE, {}).text, "utf-8")
    done = subprocess.run([sys.executable, "positions.py"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    found = {
        line.split()[0]: [float(x.strip("%,")) for x in line.split() if "%" in x] for line in done.stdout.splitlines()
    }
    assert found["none"][0] < 40 and min(found[kind][0] for kind in ("learned", "sinusoidal", "rotary")) > 90
    assert found["rotary"][1] > 90 and found["learned"][1] < 40
