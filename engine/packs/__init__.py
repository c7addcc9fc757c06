"""Where nodes come from: finding packs, importing each in isolation, and remembering what they declare."""
