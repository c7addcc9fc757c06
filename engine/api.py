"""The one import for node authors: everything a node may need of the engine, re-exported."""

from engine.graph.declare import node
from engine.graph.declared import DeclarationError
from engine.graph.facts import Clash, Fact, Facts
from engine.graph.graph import Graph, Link, Node
from engine.graph.hints import ModelFile, Multiline, Output, Range, Seed, TextField
from engine.graph.values import OUTER, Blocked, Expand, Lazy, Published, PublishedFile
from engine.packs.comfy.core_classes import offer_method
from engine.packs.comfy.names import offer_module
from engine.packs.comfy.running import current as pack_call
from engine.packs.comfy.values import offer_surroundings, offer_value
from engine.run.context import NULL_CONTEXT, Cancelled, Context
from engine.run.events import Picture
from engine.run.files import Files
from engine.run.folders import Folders
from engine.run.peeking import Look, peeker
from engine.run.previews import previewer

__all__ = [
    "NULL_CONTEXT",
    "OUTER",
    "Blocked",
    "Cancelled",
    "Clash",
    "Context",
    "DeclarationError",
    "Expand",
    "Fact",
    "Facts",
    "Files",
    "Folders",
    "Graph",
    "Lazy",
    "Link",
    "Look",
    "ModelFile",
    "Multiline",
    "Node",
    "Output",
    "Picture",
    "Published",
    "PublishedFile",
    "Range",
    "Seed",
    "TextField",
    "node",
    "offer_method",
    "offer_module",
    "offer_surroundings",
    "offer_value",
    "pack_call",
    "peeker",
    "previewer",
]
