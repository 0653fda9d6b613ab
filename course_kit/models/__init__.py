"""Models that several chapters need beside those of `course_utils`."""
