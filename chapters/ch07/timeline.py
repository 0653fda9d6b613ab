"""One time line of what was published when, with the chapters of the course marked on it."""

from course_utils.views.picture import Picture, drawable

GAP = 3  # years without an event from which on the line is dashed


def timeline(events, *, title="", caption="", size=None):
    """Events from top to bottom: the year, what it brought, and in a circle the chapter it belongs to.

    events: data.load("history"), or (year, what, chapter) in order; chapter 0 or None: a dot, no chapter. Up to 60.
    Raises ValueError that says what was given, what is needed, what to do.
    """
    if hasattr(events, "what"):
        events = zip(events.year, events.what, events.chapter, strict=True)
    events = [(int(year), str(what), int(chapter or 0)) for year, what, chapter in events]
    if not 1 <= len(events) <= 60:
        raise ValueError(f"{len(events)} events; needed: 1 to 60, each (year, what, chapter)")
    years = [year for year, _, _ in events]
    if years != sorted(years):
        late = next(b for a, b in zip(years, years[1:], strict=False) if b < a)
        raise ValueError(
            f"the year {late} comes after a later one; needed: events in the order of their years; sort them"
        )

    def draw(figure):
        axes = figure.subplots()
        axes.set(xlim=(0, 10), ylim=(len(events) - 0.4, -0.6), title=title)
        axes.axis("off")
        for i, (year, what, chapter) in enumerate(events):
            if i + 1 < len(events):
                jump = years[i + 1] - year >= GAP
                axes.plot([1.5, 1.5], [i, i + 1], color="#9aa5b1", lw=1.2, ls=":" if jump else "-", zorder=1)
            if i == 0 or years[i - 1] != year:
                axes.text(1.05, i, str(year), ha="right", va="center", weight="bold", fontsize=10)
            if chapter:
                axes.plot(1.5, i, "o", ms=13, color="#1b2430", zorder=2)
                axes.text(
                    1.5, i + 0.02, str(chapter), ha="center", va="center", color="white", weight="bold", fontsize=8.5
                )
            else:
                axes.plot(1.5, i, "o", ms=6, color="#9aa5b1", zorder=2)
            shown = what if drawable(what) else f"event {i + 1}"
            axes.text(1.95, i, shown, va="center", fontsize=10, color="#1b2430" if chapter else "#596573")

    alt = f"{title}. " if title else ""
    alt += "; ".join(f"{year}: {what}" + f" (chapter {chapter})" * bool(chapter) for year, what, chapter in events)
    return Picture(draw, size or (7.0, 0.27 * len(events) + 0.4), caption, alt)
