"""Queue, history and runs, as clients ask for them."""
