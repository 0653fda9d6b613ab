"""The course's own English of data/stories: templates, and the program that fills them."""
