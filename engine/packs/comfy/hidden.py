"""What ComfyUI's nodes get without a socket: the prompt, their own id, what the client sent along, tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.packs.comfy.running import Call, RunState

SECRETS = {
    "AUTH_TOKEN_COMFY_ORG": "auth_token_comfy_org",
    "API_KEY_COMFY_ORG": "api_key_comfy_org",
}


class NodeNotFoundError(Exception):
    """A node that neither the prompt nor an expansion has."""


class DynamicPrompt:
    """The prompt together with the nodes that others have turned into."""

    def __init__(self, original_prompt: Mapping[str, Any], state: RunState | None = None) -> None:
        self.original_prompt = original_prompt
        self._inner: dict[str, dict[str, Any]] = state.inner if state else {}
        self._parents: dict[str, str] = state.parents if state else {}
        self._displayed: dict[str, str] = state.displayed if state else {}

    @property
    def ephemeral_prompt(self) -> dict[str, dict[str, Any]]:
        """The nodes of all expansions so far."""
        return self._inner

    @property
    def ephemeral_parents(self) -> dict[str, str]:
        """Which node turned into each of them."""
        return self._parents

    def get_node(self, node_id: str) -> dict[str, Any]:
        """A node in the shape of a prompt. Raises `NodeNotFoundError`."""
        for nodes in (self._inner, self.original_prompt):
            if node_id in nodes:
                found: dict[str, Any] = nodes[node_id]
                return found
        raise NodeNotFoundError(f"Node {node_id} not found")

    def has_node(self, node_id: str) -> bool:
        """Whether there is such a node."""
        return node_id in self.original_prompt or node_id in self._inner

    def add_ephemeral_node(
        self, node_id: str, node_info: dict[str, Any], parent_id: str, display_id: str
    ) -> None:
        """Take note of a node that another turned into."""
        self._inner[node_id] = node_info
        self._parents[node_id] = parent_id
        self._displayed[node_id] = display_id

    def get_real_node_id(self, node_id: str) -> str:
        """The node of the prompt that a node came out of, however many steps ago."""
        while node_id in self._parents:
            node_id = self._parents[node_id]
        return node_id

    def get_parent_node_id(self, node_id: str) -> str | None:
        """The node that turned into this one."""
        return self._parents.get(node_id)

    def get_display_node_id(self, node_id: str) -> str:
        """The node that people see instead of this one."""
        while node_id in self._displayed:
            node_id = self._displayed[node_id]
        return node_id

    def all_node_ids(self) -> set[str]:
        """The ids of all nodes."""
        return {*self.original_prompt, *self._inner}

    def get_original_prompt(self) -> Mapping[str, Any]:
        """The prompt as it came."""
        return self.original_prompt


def hidden_value(kind: str, call: Call) -> object:
    """What stands behind one of ComfyUI's names in this call."""
    match kind:
        case "UNIQUE_ID":
            return call.id
        case "PROMPT":
            return call.state.prompt
        case "DYNPROMPT":
            return DynamicPrompt(call.state.prompt, call.state)
        case "EXTRA_PNGINFO":
            return _found(call.context.request.get("extra"), "extra_pnginfo")
    if kind in SECRETS:
        return _found(call.context.request.get("secrets"), SECRETS[kind])
    return None


def beforehand(kind: str) -> object:
    """What stands there while no node is called, as a fingerprint and a check see it."""
    return {} if kind == "PROMPT" else None


def _found(mapping: object, key: str) -> object:
    return mapping.get(key) if isinstance(mapping, Mapping) else None
