"""Where runs happen. Every backend takes the same requests and gives the same events."""
