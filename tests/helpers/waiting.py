"""A page answers when it is ready: a test waits for what it expects, and when it fails it says what it saw last.

    until(lambda: state(page)["row"], 2)                       # a value
    until(readout.inner_text, contains("masked"))              # or what is true of it
    until(lambda: picture(page), differs(before))

No test reads a page in the same breath in which it moved something; tests/unit/test_waiting.py finds those that do.
"""

import time

SECONDS = 120  # as long as a slow machine may need; a fast one never waits for it
STATE = "index => document.querySelectorAll('.course-view')[index]?.view?.state"
NUMBERS = "([i, s]) => { const v = document.querySelectorAll('.course-view')[i].view; v.set(s); return v.numbers(); }"
FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
STILL = """async canvas => {
  for (let last = null, tries = 0; tries < 200; tries++) {
    const now = canvas.toDataURL();
    if (now === last) return now;
    last = now;
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  }
  throw new Error('the picture does not stand still');
}"""


def until(read, wanted=bool, *, seconds=SECONDS):
    """Calls read() until it gives what is wanted -> what it gave.

    wanted: the value itself, or a function of it that is then true; without one, anything that counts as true.
    Raises AssertionError with the value seen last if that has not happened after so many seconds.
    """
    fits = wanted if callable(wanted) else lambda seen: seen == wanted
    give_up, pause = time.monotonic() + seconds, 0.01
    while True:
        seen = read()
        if fits(seen):
            return seen
        if time.monotonic() > give_up:
            hoped = getattr(wanted, "__name__", "") if callable(wanted) else repr(wanted)
            raise AssertionError(f"after {seconds} s it is {short(seen)}; waited for: {short(hoped)}")
        time.sleep(pause)
        pause = min(0.2, 1.3 * pause)  # to look costs more than to wait


def stays(read, value, seconds=0.5):
    """Nothing happens: for so many seconds read() gives this value, again and again."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        seen = read()
        assert seen == value, f"it was to stay {short(value)} and became {short(seen)}"
        time.sleep(0.02)


def contains(part):
    """True of a text or collection that has this part in it."""
    return _named(lambda seen: part in seen, f"contains {part!r}")


def lacks(part):
    """True of a text or collection that has not this part in it."""
    return _named(lambda seen: part not in seen, f"lacks {part!r}")


def differs(before):
    """True of anything but this."""
    return _named(lambda seen: seen != before, f"differs from {short(before)}")


def state(page, index=0):
    """The state of the view with this number; None while it is not there."""
    return page.evaluate(STATE, index)


def numbers(page, index=0, **state):
    """Sets the state of a view and gives, in the same turn of the page, the numbers that it computes for it."""
    return page.evaluate(NUMBERS, [index, state])


def settle(page):
    """Two animation frames: what a view wanted to paint is painted."""
    page.evaluate(FRAMES)


def picture(page, index=0, canvas="canvas"):
    """What a canvas shows once it stands still: two frames later it is the same."""
    return page.locator(canvas).nth(index).evaluate(STILL)


def short(value):
    """A value as text of at most 300 letters."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 300 else text[:297] + "..."


def _named(function, name):
    function.__name__ = name
    return function
