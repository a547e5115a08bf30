"""Making arrays: recipes, Threefry, the fused way, what is kept."""
