"""Run by IPython as a kernel starts, in the notebook's own names: `course lab` names it as PYTHONSTARTUP. An error gets
its sentence before `setup()`, too: after a restart, say. It leaves no name behind."""

__import__("course_kit.programs.explain").programs.explain.install(__import__("course_kit.shell").shell.ipython())
