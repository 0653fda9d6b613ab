"""pyproject.toml and requirements.lock name the same packages, in agreeing versions, and conda installs them."""

import re
import sysconfig
import tomllib
from importlib import metadata

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name as normalise

from course_kit import files
from course_kit.i18n.catalogues import languages

ROOT = files.course_folder()


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def locked():
    """{normalised name: version}; a line that fits one machine only, such as a path or +cpu, is refused."""
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pinned if not re.fullmatch(r"[\w.-]+==[\w.!]+", line)] == []
    return {normalise(name): version for name, version in (line.split("==") for line in pinned)}


def test_the_lock_has_a_fitting_version_of_everything_that_is_needed(project, locked):
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    extras += [one["jupyterlab"] for one in languages().values() if "jupyterlab" in one]
    for requirement in map(Requirement, [*project["dependencies"], *extras]):
        assert normalise(requirement.name) in locked, f"{requirement.name} is not locked: run make lock"
        version = locked[normalise(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement} does not allow the locked {version}"


def test_conda_installs_the_course_with_the_versions_of_the_lock_and_the_python_of_pyproject(project):
    conda = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    pip = next(entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict))
    assert pip == ["--constraint requirements.lock", "--editable ."]
    assert f"python{project['requires-python']}" in conda["dependencies"]
    assert conda["name"] == project["name"]


def test_the_oldest_python_of_pyproject_may_have_every_version_of_the_lock(project, locked):
    """Of what is installed here; an older version goes into requirements.lock by hand, then `make lock`."""
    oldest = project["requires-python"].removeprefix(">=") + ".0"
    installed = metadata.distributions(path=[sysconfig.get_path("purelib")])
    wanted = {normalise(one.metadata["Name"]): one.metadata["Requires-Python"] or "" for one in installed}
    newer = {name: wanted[name] for name in wanted.keys() & locked.keys() if oldest not in SpecifierSet(wanted[name])}
    assert newer == {}


def test_the_lock_is_what_is_installed_here(locked):
    """Otherwise the tests would speak of other versions than those that students get."""
    installed = metadata.distributions(path=[sysconfig.get_path("purelib")])  # not what packages bring
    here = {normalise(one.metadata["Name"]): one.version.partition("+")[0] for one in installed}
    both = here.keys() & locked.keys()
    assert {name: here[name] for name in both} == {name: locked[name] for name in both}
    assert len(both) > 100
