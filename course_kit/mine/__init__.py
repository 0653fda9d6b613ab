"""What the reader wrote, as a package of their own: `workbook/mine/`, which needs only torch.

    mine/ch05.py            the functions of a chapter, as they were when they passed
    mine/given.py           what they call and the course wrote
    mine/transformer.py     a chapter's whole file, by `keep`

Nothing in it is overwritten that was changed by hand. In a notebook, after setup():

    from mine import masked_softmax             # the reader's if it is solved and right as it stands, else the course's
    keep(KeptFile("transformer", …))            # the chapter's file
    for_training(one_step)                      # the course's function for the reader's that cannot train

To read how: needs.py (what a definition uses), text.py (a definition into a file's text), record.py (what was
written), draft.py (changes put together), solved.py (what is done at each ✓), loading.py (the files as modules),
readers.py (which exercises they answer), collecting.py (answers in saved notebooks), lookup.py (`from mine import …`);
composing.py, trying.py and keeping.py (a chapter's file); training.py.
"""

from .keeping import KeptFile, Part, keep
from .training import for_training

__all__ = ["KeptFile", "Part", "for_training", "keep"]
