"""The repository's address, the way to report an error, and what repo2docker makes an image from."""

import os
import subprocess
import urllib.parse

import pytest

import course_utils
from course_kit import files
from course_tools.publishing import repository

ROOT = files.course_folder()
ADDRESS = "https://github.com/someone/attention-course"


def git(folder, *arguments):
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def test_the_address_comes_from_git_where_none_is_given(tmp_path):
    git(tmp_path, "init", "-q")
    assert repository.address(root=tmp_path) is None
    git(tmp_path, "remote", "add", "origin", "git@github.com:someone/attention-course.git")
    assert repository.address(root=tmp_path) == repository.address(ADDRESS, root=tmp_path) == ADDRESS
    with pytest.raises(ValueError, match="must be an address such as"):
        repository.address("https://gitlab.com/a/b")


def test_an_image_takes_the_versions_of_the_lock_and_torch_for_cpu():
    lines = (ROOT / ".binder" / "requirements.txt").read_text("utf-8").splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    constraint = next(line.split()[1] for line in wanted if line.startswith("--constraint"))
    assert (ROOT / ".binder" / constraint).resolve() == ROOT / "requirements.lock"
    assert f'make lab PIP_OPTIONS="{wanted[0]}"' in (ROOT / "README.md").read_text("utf-8")
    assert "--editable ." in wanted
    major, minor = (ROOT / ".binder" / "runtime.txt").read_text().strip().removeprefix("python-").split(".")
    assert (3, 11) <= (int(major), int(minor)) <= (3, 13)
    assert os.access(ROOT / ".binder" / "postBuild", os.X_OK)


def test_a_reader_can_report_with_page_and_edition_filled_in():
    address = repository.report(ADDRESS, "03_seq2seq.html")
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)
    assert asked["title"] == ["03_seq2seq.html: "] and f"Edition: {course_utils.__version__}" in asked["body"][0]
    assert repository.report(None, "03_seq2seq.html") is None
