"""Python imports this at its start, in each process of `make test`: what takes seconds there and that no test is about.

jsonschema, and with it nbformat and Jupyter's server, builds a grammar of international addresses: 2.5 core-seconds.
Where the package is missing, it leaves out that one format.
"""

import sys

sys.modules["rfc3987_syntax"] = None
