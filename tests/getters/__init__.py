"""Custom getters."""
