"""Python imports this at its start, in each process of `make test`: what takes seconds there and that no test is about.

jsonschema, and with it nbformat and Jupyter's server, builds a grammar of international addresses: 2.5 core-seconds.
Where the package is missing, it leaves out that one format.

The first step of an optimiser loads torch's compiler, 1.5 core-seconds in each process that trains, to say that nothing
is to be compiled here. Anything else that is asked of it, or below it, loads it.
"""

import importlib
import sys
from types import ModuleType

sys.modules["rfc3987_syntax"] = None


class Later(ModuleType):
    """A module of which the two functions do nothing that are asked for without need."""

    @staticmethod
    def graph_break(*_, **__):
        pass

    @staticmethod
    def disable(fn=None, *_, **__):
        return fn if fn else Later.disable

    def __getattr__(self, name):
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


sys.modules["torch._dynamo"] = Later("torch._dynamo")
