"""A class at work: environment, workbook, JupyterLab, presenting, progress, resuming, hand-outs, grading."""
