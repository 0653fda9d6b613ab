"""What an answer finds as the exercises of a chapter while it is graded: none."""

EXERCISES = ()
