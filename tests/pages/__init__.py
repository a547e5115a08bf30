"""What people read: README, guides, site, notebooks. Their blocks run."""
