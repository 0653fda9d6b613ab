"""What I wrote myself in the course, and the files that I kept."""
