"""A page that was opened from disk loads a trained model by scripts, and the model answers there.

What each model computes is held to Python's numbers in tests/unit/course_kit/test_models_in_node.py.
"""

import pages
import pytest
from in_page import load_as_in_page

from course_kit.decoding import translate
from course_kit.views.models import model_files

pytestmark = pytest.mark.browser
NAME = "transformer-grammar"
SENTENCE = "The animal didn't cross the street because it was too tired."


def test_a_model_comes_by_scripts_and_translates(watch, tmp_path):
    files = model_files(NAME)
    for name, script in files.items():
        (tmp_path / name).write_text(script, encoding="utf-8")
    scripts = "".join(f'<script src="{name}"></script>' for name in files)
    (tmp_path / "page.html").write_text(
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>models</title>{pages.PROGRAM}{scripts}',
        encoding="utf-8",
    )
    page = watch((tmp_path / "page.html").as_uri(), own="file:")
    said = page.evaluate(
        """([name, sentence]) => {
          const it = courseModels.open(name);
          return it.target.decode(courseModels.greedy(it.model, it.source.encode(sentence)).ids);
        }""",
        [NAME, SENTENCE],
    )
    assert said == translate(load_as_in_page(NAME), [SENTENCE], beam=1)[0].text
