"""The one import for node authors: everything a node may need of the engine, re-exported."""

from engine.graph.declare import node
from engine.graph.declared import DeclarationError
from engine.graph.graph import Graph, Link, Node
from engine.graph.hints import ModelFile, Multiline, Output, Range, Seed
from engine.graph.values import OUTER, Blocked, Expand, Lazy, Published, PublishedFile
from engine.run.context import NULL_CONTEXT, Cancelled, Context
from engine.run.files import Files
from engine.run.folders import Folders

__all__ = [
    "NULL_CONTEXT",
    "OUTER",
    "Blocked",
    "Cancelled",
    "Context",
    "DeclarationError",
    "Expand",
    "Files",
    "Folders",
    "Graph",
    "Lazy",
    "Link",
    "ModelFile",
    "Multiline",
    "Node",
    "Output",
    "Published",
    "PublishedFile",
    "Range",
    "Seed",
    "node",
]
