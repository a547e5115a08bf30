"""Looking at trees: show, compare, HTML."""
