"""What tests look at in an executed notebook."""


def texts(cell):
    """What a cell shows, as plain text: one string for each output."""
    found = []
    for output in cell.get("outputs", []):
        found.append(output.get("text") or output.get("data", {}).get("text/plain", ""))
    return found
