"""The command line: one file for each command. Heavy libraries are imported by the command that needs them."""
