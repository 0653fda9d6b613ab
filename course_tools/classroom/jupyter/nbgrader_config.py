"""What nbgrader reads first, in every folder: without one, each start of JupyterLab says twice that there is none."""

c = get_config()  # type: ignore[name-defined]  # noqa: F821
c.Autograde.autograde_preprocessors = []  # runs nothing of a student's: `course grade` does that, in a sandbox
