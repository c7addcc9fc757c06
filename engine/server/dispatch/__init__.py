"""From the queue to the backend and back: runs carried out, and written down."""
