"""Programs as text: what they ask for, define and import, and what went wrong when one ran."""
