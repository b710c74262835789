"""Model files, and text from data that is shown and never obeyed."""
