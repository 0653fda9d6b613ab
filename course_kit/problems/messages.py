"""What goes between a judge and a reader's file: plain values, each made anew on the other side. Nothing is unpickled.

A message is two lengths, a text of JSON, and the bytes of its tensors. What is no plain value stays where it is, and
the other side gets a number for it.
"""

import json
import math
import struct
from collections.abc import Callable
from types import SimpleNamespace
from typing import IO, Any

import numpy as np
import torch
from torch import Tensor

HEAD = struct.Struct("<QQ")
_KINDS = "bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex64 complex128"
DTYPES = {name: getattr(torch, name) for name in _KINDS.split()}


class Ended(Exception):
    """Nobody is on the other side any more, or what came is no message."""


class Messages:
    """Two pipes. keep: (an object that stays here) -> what is sent for it; meet: that -> what stands for it there."""

    def __init__(
        self, receiving: IO[bytes], sending: IO[bytes], keep: Callable[[Any], Any], meet: Callable[[Any], Any]
    ) -> None:
        self.receiving, self.sending, self.keep, self.meet = receiving, sending, keep, meet

    def send(self, value: Any) -> None:
        blobs: list[bytes] = []
        text = json.dumps(self._plain(value, blobs)).encode()
        try:
            self.sending.write(HEAD.pack(len(text), sum(map(len, blobs))) + text + b"".join(blobs))
            self.sending.flush()
        except OSError as error:
            raise Ended from error

    def receive(self) -> Any:
        text, blobs = map(self._read, HEAD.unpack(self._read(HEAD.size)))
        try:
            return self._value(json.loads(text), memoryview(blobs))
        except (ValueError, TypeError, KeyError, RecursionError, RuntimeError) as error:
            raise Ended from error

    def _read(self, count: int) -> bytearray:
        try:
            found = bytearray(self.receiving.read(count))
        except (OSError, MemoryError, OverflowError) as error:
            raise Ended from error
        if len(found) < count:
            raise Ended
        return found

    def _plain(self, value: Any, blobs: list[bytes]) -> Any:
        if value is None or isinstance(value, bool):
            return value
        for kind in (int, float, str):
            if isinstance(value, kind):
                return kind(value)
        if isinstance(value, np.generic):
            return self._plain(value.item(), blobs)
        if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
            value = torch.from_numpy(np.ascontiguousarray(value))
        if isinstance(value, Tensor):
            return self._tensor(value, blobs)
        if isinstance(value, list):
            return [self._plain(one, blobs) for one in value]
        if isinstance(value, tuple | set):
            name = "tuple" if isinstance(value, tuple) else "set"
            return {name: [self._plain(one, blobs) for one in value]}
        if isinstance(value, dict | SimpleNamespace):
            pairs = value.items() if isinstance(value, dict) else vars(value).items()
            name = "dict" if isinstance(value, dict) else "names"
            return {name: [[self._plain(key, blobs), self._plain(one, blobs)] for key, one in pairs]}
        return {"other": self.keep(value)}

    @staticmethod
    def _tensor(value: Tensor, blobs: list[bytes]) -> Any:
        plain = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
        start, shape = sum(map(len, blobs)), list(plain.shape)
        blobs.append(plain.flatten().view(torch.uint8).numpy().tobytes())
        return {"tensor": [start, str(plain.dtype).removeprefix("torch."), shape]}

    def _value(self, given: Any, blobs: memoryview) -> Any:
        if isinstance(given, list):
            return [self._value(one, blobs) for one in given]
        if not isinstance(given, dict):
            return given
        ((name, found),) = given.items()
        if name == "other":
            return self.meet(found)
        if name == "tensor":
            start, dtype, shape = found
            kind, count = DTYPES[dtype], math.prod(shape)
            if count == 0:
                return torch.empty(shape, dtype=kind)
            return torch.frombuffer(blobs, dtype=kind, count=count, offset=start).clone().reshape(shape)
        if name in ("dict", "names"):
            pairs = {self._value(key, blobs): self._value(one, blobs) for key, one in found}
            return pairs if name == "dict" else SimpleNamespace(**pairs)
        return {"tuple": tuple, "set": set}[name](self._value(one, blobs) for one in found)
