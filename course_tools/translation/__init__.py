"""The course in another language: units, catalogues, notebooks. `course translate` (README, CONTRIBUTING)."""

from course_kit.i18n.catalogues import languages


def names_of_languages() -> dict[str, str]:
    """{language: what it calls itself}; the first is the one that is translated."""
    return {"en": "English"} | {one: told["name"] for one, told in languages().items()}
