"""The course in another language: units, catalogues, notebooks. `course translate` (README, CONTRIBUTING)."""
