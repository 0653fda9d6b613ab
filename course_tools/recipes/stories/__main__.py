"""`python -m course_tools.recipes.stories`: make the five sets again."""

from .make import make

for name, counts in make()["examples"].items():
    print(f"data/stories/{name}.gz: " + ", ".join(f"{split} {count:,}" for split, count in counts.items()))
