"""Tables and bars."""
