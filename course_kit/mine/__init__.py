"""What the reader wrote, as a package of their own: `workbook/mine/`, which needs only torch.

    mine/ch05.py            the functions of a chapter, as they were when they passed
    mine/given.py           what they call and the course wrote
    mine/transformer.py     a chapter's whole file, by `keep`

To read how: solved.py (which functions are there), writing.py (a definition into a file, nothing overwritten), needs.py
(what a definition calls), lookup.py (`from mine import …` in a notebook), keeping.py (a chapter's whole file).
"""
