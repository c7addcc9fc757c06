"""What nodes know of their values before there are any: sizes, channels, families. No nodes here."""
