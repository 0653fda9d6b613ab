"""What every notebook of the course has in common, checked: `course notebooks --lint [NAMES]`.

A rule is a function of a `notebook.Notebook` that yields Problems; each says file, cell and what to do. The rules of
layout and language are in `text.py`, of names in `names.py`, of a chapter's order in `order.py`, of stored outputs in
`outputs.py`; `check.py` applies them.
"""
