"""The HTTP server: ComfyUI's routes and messages, and Weft's own beside them."""
