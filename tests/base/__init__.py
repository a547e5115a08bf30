"""Words everybody speaks: errors, lines, names, public homes."""
