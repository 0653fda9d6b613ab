"""From a chapter's source to its notebook, and the rules that all notebooks keep."""
