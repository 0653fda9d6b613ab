"""What several rooms need: checks of what is given, files, a clock."""
