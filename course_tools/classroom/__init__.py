"""A class at work: environment, workbook, JupyterLab, progress, resuming, handing in, grading."""
