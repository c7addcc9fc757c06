"""A module with some weights of its own, which shares all others with the one that it was made from."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TypeVar

from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


def with_weights(module: Module, changed: Mapping[str, Tensor]) -> Module:
    """A new module that computes with other tensors under some names; the old one stays as it is.

    Each keeps parameters of its own over the shared memory, so that one may be moved to another device alone.

    Args:
        module: What it is made from.
        changed: By the names of `module.state_dict()`, in the same shapes.
    """
    shared = {
        id(one): nn.Parameter(one.detach(), requires_grad=one.requires_grad) for one in module.parameters()
    }
    shared |= {id(one): one.detach() for one in module.buffers()}  # type: ignore[misc]
    made = copy.deepcopy(module, shared)
    made.load_state_dict(dict(changed), strict=False, assign=True)
    return made.requires_grad_(requires_grad=False).eval()
