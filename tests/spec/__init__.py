"""What is known of a variable: options, initializers, partitioners."""
