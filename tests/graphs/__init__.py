"""Diagrams and profiles."""
