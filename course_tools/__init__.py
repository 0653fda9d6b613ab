"""What no lesson needs: the classroom, authoring, publishing, and the programs that made what is in data/."""
