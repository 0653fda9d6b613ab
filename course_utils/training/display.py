"""How a training is displayed while it runs, and how ■ stops it.

In a notebook one display is updated at most four times a second; at the end a picture with alt text stays, which needs
no kernel. In a terminal it is a few plain lines.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

from course_kit.shell import in_notebook

PERIOD = 0.25  # seconds between updates of the display
LINES = 5  # lines printed in a terminal


class Stop:
    """■ waits for the end of the step under way; during an evaluation it stops immediately. A second ■ never waits, and
    once the run is finishing, ■ does nothing: the end is near."""

    def __init__(self) -> None:
        self.busy, self.finishing, self.presses = True, False, 0

    def __enter__(self) -> Stop:
        main = threading.current_thread() is threading.main_thread()
        self.before = signal.getsignal(signal.SIGINT) if main else None
        if callable(self.before):
            signal.signal(signal.SIGINT, self.press)
        return self

    def __exit__(self, *error) -> None:
        if callable(self.before):
            signal.signal(signal.SIGINT, self.before)

    def press(self, number=None, frame=None) -> None:
        self.presses += 1
        if not self.finishing and (not self.busy or self.presses > 1):
            self.finishing = True
            raise KeyboardInterrupt

    def check(self) -> None:
        if self.presses:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """What runs here may be cut off anywhere."""
        self.check()
        self.busy = False
        try:
            yield
        finally:
            self.busy = True


class Progress:
    """Shows a Run: `update()` as often as one likes, `finish()` once."""

    def __init__(self, run: Any, title: str, show: bool, apart: bool = False):
        self.run, self.title, self.show, self.apart = run, title, show, apart
        self.handle, self.shown, self.first = None, time.monotonic(), run.step
        self.notebook = show and in_notebook()

    def update(self) -> None:
        if not self.show:
            return
        if not self.notebook:
            self._print()
        elif time.monotonic() - self.shown >= PERIOD:
            from course_kit.views.learning import live

            self._put(
                {
                    "text/html": live(self.run, self.title, self.apart),
                    "text/plain": self.run.status(),
                }
            )
            self.shown = time.monotonic()

    def finish(self) -> None:
        if not self.show:
            return
        if not self.notebook:
            print(self.run.message)
            return
        try:
            from course_kit.views.learning import final

            bundle = final(self.run, self.title, self.apart)
        except (
            Exception
        ) as error:  # a picture that cannot be drawn must not cost the training
            bundle = {"text/plain": f"{self.run.message} (No picture: {error})"}
        self._put(bundle)

    def _print(self) -> None:
        every = max(1, (self.run.steps - self.first) // LINES)
        if (self.run.step - self.first) % every == 0 and self.run.step < self.run.steps:
            print(self.run.status())

    def _put(self, bundle: dict[str, Any]) -> None:
        from IPython.display import display

        if self.handle is None:
            self.handle = display(bundle, raw=True, display_id=True)
        else:
            self.handle.update(bundle, raw=True)
