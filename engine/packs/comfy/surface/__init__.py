"""The modules that packs find under ComfyUI's names, as far as they need no torch. Packs alone see them (`names`).

What is public here has the names that packs know, which are not always those that we would have given.
"""
