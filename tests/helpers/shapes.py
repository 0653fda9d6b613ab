"""What checks the annotations of `course_utils` while its tests run: conftest.py, COURSE_SHAPES=1.

A whole number does where a float is asked for, as in every type checker (PEP 484). A test that gives on purpose what an
annotation forbids, to see it refused, is marked `wrong_types` and runs unchecked.
"""

import jaxtyping
from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))


def install():
    """Check each function of course_utils from its import on."""
    jaxtyping.install_import_hook("course_utils", f"{__name__}.check")


def switch(on):
    """Check, or not."""
    jaxtyping.config.update("jaxtyping_disable", not on)
