"""The course's own English of data/stories: templates, the program that fills them, and what words alone reach."""
