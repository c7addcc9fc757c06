"""Looking at the value of an output, if it is kept. Nothing is run for it."""

from __future__ import annotations

from engine.backends.explaining import Explaining
from engine.backends.forecasting import planned, sound
from engine.backends.inline import Inline
from engine.graph.edit import only_needed
from engine.graph.graph import Graph
from engine.run.peeking import Peek, peek_at


def peek(
    sent: Graph, inline: Inline, explaining: Explaining, client: str, node: str, output: str | int
) -> Peek | None:
    """How a value looks; None where it is not kept, or the graph has no such output.

    Args:
        sent: The graph that the value is of.
        inline: The nodes, and what is kept of their results.
        explaining: What runs were like before.
        client: Whose runs tell what nodes read beside their inputs.
        node: Its id in the flat graph.
        output: The output's name, or its place.
    """
    found = sound(only_needed(sent, [node]), (), inline)
    if node not in found.part.nodes:
        return None
    kind = inline.workers.kinds[found.part.nodes[node].kind]
    name = kind.output_names.get(output)
    made = planned(found, inline, explaining.past(client, sent.nodes.keys()), [node])
    result = inline.cache.glimpse(made.keys[node])
    if name is None or result is None:
        return None
    (spec,) = (spec for spec in kind.spec.outputs if spec.name == name)
    return peek_at(result.outputs[name], spec)
