"""Tests: one file for each law and each source file."""
