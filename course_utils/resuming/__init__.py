"""After a restart, back at the same point: `course_utils.resume_here()`.

fingerprint.py says whether two computations are the same, plain.py writes values without pickle, keeping.py keeps
trainings and slow cells in the workbook, cells.py watches the cells that run, here.py brings them back.
"""
