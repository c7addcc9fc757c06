"""ComfyUI's node packs as they are: V1 classes and V3 schemas become specs and functions like any other node's.

`v1` and `v3` read what a pack declares, `calling` calls it, `results` reads what it returned, `values` turns values at
the border. `names` says which Python names a pack finds when it imports ComfyUI's modules; most of those modules lie in
`surface/`, those that need torch lie beside our nodes.
"""
