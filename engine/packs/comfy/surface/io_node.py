"""A V3 node: its class, its schema, and what it gets without a socket."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from engine.packs.comfy.hidden import hidden_value
from engine.packs.comfy.node_output import NodeOutput
from engine.packs.comfy.running import CURRENT, current
from engine.packs.comfy.surface.io_sockets import Input, Output


class Hidden(StrEnum):
    """What a node may get without a socket."""

    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"
    dynprompt = "DYNPROMPT"
    auth_token_comfy_org = "AUTH_TOKEN_COMFY_ORG"
    api_key_comfy_org = "API_KEY_COMFY_ORG"


class HiddenHolder:
    """`cls.hidden` while the node runs: `cls.hidden.unique_id`. What a node did not ask for is None."""

    def __init__(self, asked: Sequence[str] = ()) -> None:
        self._asked = frozenset(asked)

    def __getattr__(self, name: str) -> object:
        call = current()
        kind = Hidden.__members__.get(name)
        if kind is None or call is None or kind.value not in self._asked:
            return None
        return hidden_value(kind.value, call)


class Schema:
    """What a node says of itself."""

    def __init__(
        self,
        node_id: str,
        display_name: str | None = None,
        category: str = "sd",
        inputs: Sequence[Any] = (),
        outputs: Sequence[Any] = (),
        hidden: Sequence[Any] = (),
        description: str = "",
        is_input_list: bool = False,
        is_output_node: bool = False,
        is_deprecated: bool = False,
        is_experimental: bool = False,
        is_api_node: bool = False,
        not_idempotent: bool = False,
        enable_expand: bool = False,
        **more: Any,
    ) -> None:
        self.node_id = node_id
        self.display_name = display_name
        self.category = category
        self.inputs: list[Input] = list(inputs or ())
        self.outputs: list[Output] = list(outputs or ())
        self.hidden = [Hidden(each) for each in hidden or ()]
        self.description = description
        self.is_input_list = is_input_list
        self.is_output_node = is_output_node
        self.is_deprecated = is_deprecated
        self.is_experimental = is_experimental
        self.is_api_node = is_api_node
        self.not_idempotent = not_idempotent
        self.enable_expand = enable_expand
        self.more = more

    def finalize(self) -> None:
        """Name outputs that have no name, and add what kinds of nodes get anyway."""
        for index, output in enumerate(self.outputs):
            if output.id is None:
                output.id = f"_{index}_{output.io_type}_"
        wanted: list[Hidden] = []
        if self.is_output_node:
            wanted += [Hidden.prompt, Hidden.extra_pnginfo]
        if self.is_api_node:
            wanted += [Hidden.auth_token_comfy_org, Hidden.api_key_comfy_org]
        self.hidden += [each for each in wanted if each not in self.hidden]

    def validate(self) -> None:
        """Raise ValueError for ids that stand for two things."""
        given = [*(each.id for each in self.inputs), *(each.id for each in self.outputs)]
        ids = [id for id in given if id is not None]
        twice = sorted({id for id in ids if ids.count(id) > 1})
        if twice:
            raise ValueError(
                f"the ids {twice} of {self.node_id} are used more than once, for inputs or outputs."
            )


class LockedClass(ABCMeta):
    """The class of V3 nodes' classes: nothing can be kept at them while a node runs."""

    def __setattr__(cls, name: str, value: object) -> None:
        if CURRENT.get() is not None and not name.startswith(("__", "_abc_")):
            raise AttributeError(
                f"{cls.__name__}.{name} cannot be set while the node runs: its class is the same for every node."
            )
        super().__setattr__(name, value)

    @property
    def hidden(cls) -> HiddenHolder:
        """What the node gets without a socket."""
        schema = cls.__dict__.get("__weft_schema__")
        return HiddenHolder([each.value for each in schema.hidden] if isinstance(schema, Schema) else ())


class ComfyNode(metaclass=LockedClass):
    """What V3 nodes extend."""

    __weft_schema__: Schema

    @classmethod
    def define_schema(cls) -> Schema:
        """What the node says of itself."""
        raise NotImplementedError(f"{cls.__name__} has no define_schema.")

    @classmethod
    def execute(cls, **inputs: Any) -> NodeOutput:
        """Do what the node does."""
        raise NotImplementedError(f"{cls.__name__} has no execute.")

    @classmethod
    def validate_inputs(cls, **inputs: Any) -> bool | str:
        """True, or what is wrong."""
        return True

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> object:
        """What the result depends on beside the inputs."""
        return None

    @classmethod
    def check_lazy_status(cls, **inputs: Any) -> list[str]:
        """The lazy inputs that are wanted."""
        return [name for name, value in inputs.items() if value is None]

    @classmethod
    def GET_SCHEMA(cls) -> Schema:  # noqa: N802  (the name that packs know)
        """The schema, checked and with names for everything."""
        schema = cls.define_schema()
        schema.validate()
        schema.finalize()
        return schema
