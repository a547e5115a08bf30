"""The laws: what scopejax promises, over many cases. Read these first."""
