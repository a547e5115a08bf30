"""Bad arguments of every sort: each is refused by name, and nothing is lost."""
