"""The commands: inspect, diff, convert."""
