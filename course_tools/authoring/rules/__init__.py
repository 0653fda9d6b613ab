"""What every notebook of the course has in common, checked: `course notebooks --lint [NAMES]`.

A rule is a function of a `notebook.Notebook` that yields (number of the cell, what is wrong, what to do); cell 0 is the
whole notebook. The rules of layout and language are in `text.py`, of names in `names.py`, of numbers in `numbers.py`,
of stored outputs in `outputs.py`, of the order and the sizes of a chapter in `pattern.py`; `check.py` applies them.
"""
