"""Prompts go through the packs that have asked for it (`add_on_prompt_handler`), in the worker, before they are read.

Whether any has is known from the manifest and from the worker: where none has, nobody is asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import msgspec

from engine.backends.backend import PackCall, WorkerLost
from engine.backends.questions import WorkerFailed
from engine.formats.json_text import parse
from engine.packs.serving import ON_PROMPT
from engine.server.services import Services

WITHIN = 10.0  # seconds that a prompt waits at most for the packs

LOG = logging.getLogger("weft.server")


async def handled(body: Mapping[str, object], services: Services) -> Mapping[str, object]:
    """A body as the packs leave it; as it came, where they cannot be asked."""
    await services.nodes.settled()
    if not services.nodes.handle_prompts:
        return body
    call = PackCall(*ON_PROMPT, "", (), msgspec.json.encode(body))
    try:
        async with asyncio.timeout(WITHIN):
            answer = await services.backend.answer(call)
    except (TimeoutError, WorkerLost, WorkerFailed) as error:
        why = str(error) or f"no answer for {WITHIN:.0f} seconds"
        LOG.warning("The packs could not be asked about a prompt, which goes on as it came: %s", why)
        return body
    changed = parse(answer.body) if answer.status == 200 else None
    if isinstance(changed, dict):
        return changed
    LOG.warning("What the packs made of a prompt cannot be read: it goes on as it came")
    return body
