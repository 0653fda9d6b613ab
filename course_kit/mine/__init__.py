"""What the reader wrote, as a package of their own: `workbook/mine/`.

    mine/ch05.py            the functions of a chapter, as they were when they passed
    mine/transformer.py     a chapter's whole file, which needs only torch: `keep("transformer")`

Nothing in it is overwritten that was changed by hand. In a notebook, after setup():

    from mine import masked_softmax     # the reader's if it is solved, else the course's
    keep("transformer")                 # the chapter's file, from chapters/ch05/kept/transformer.py
    for_training(one_step)              # the course's function for the reader's that cannot train

To read how: answers.py (what is done at each ✓, and which answers there are), lookup.py (`from mine import …`);
composing.py (a kept file's text, and the rules for its module), keeping.py, trying.py (with
in_a_process.py); beneath them source.py (what a name means in a module's text), text.py, written.py (what was, by
checksum), loading.py. And trainable.py.
The same files from an empty one: scratch.py, and scratch_parts.py, which tries what is in them.
"""

from .keeping import keep
from .trainable import for_training

__all__ = ["for_training", "keep"]
