"""How the corpora are written: compressed without a date, with checksums beside them."""

import gzip
import hashlib
import io


def compress(text):
    """gzip, without a date in it."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", compresslevel=9, mtime=0) as file:
        file.write(text.encode("utf-8"))
    return buffer.getvalue()


def sha256(content):
    """The SHA-256 of text or bytes, in hexadecimal."""
    return hashlib.sha256(content.encode("utf-8") if isinstance(content, str) else content).hexdigest()
