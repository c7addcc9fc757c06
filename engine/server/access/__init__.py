"""Who may ask: hosts, origins, tokens, and the headers that every answer has."""
