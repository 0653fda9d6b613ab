"""A class at work: environment, workbook, JupyterLab, presenting, progress, resuming, handing in, grading."""
