"""The course in another language: units, catalogues, notebooks. `course translate` (README, CONTRIBUTING)."""

LANGUAGES = {"en": "English", "zh": "中文"}  # as each calls itself; the first is the one that is translated
