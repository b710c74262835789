"""partwise in programs and formats that others made."""
