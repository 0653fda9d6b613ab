"""The course in another language: units, catalogues, notebooks. `course translate` (README, CONTRIBUTING)."""

LANGUAGES = {"en": "English", "zh": "中文"}  # as each calls itself; the first is the one that is translated

# questions of the question bank, by language
GOES_ON = {"en": "How does this line to keep go on? “{} …”", "zh": "这句要点的下半句是什么？“{}……”"}
MEANS = {"en": "Which term does the glossary explain with “{}”?", "zh": "术语表用“{}”解释的是哪个术语？"}
