"""`convert-checkpoint IN OUT`: the weights of a pickled file as safetensors, read by a process with little to lose."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from engine.commands.app import Failure

CHECKOUT = Path(__file__).parents[2]
CONVERTER = "ldm.pickled"  # started as a program: nothing here knows of models
BASE, TIMES = 4 << 30, 4  # bytes for the program itself, and how often a file may lie in its memory


def convert_checkpoint(source: Path, target: Path, memory: int | None) -> int:
    """Convert a file; gives the exit code.

    Args:
        source: What torch.save wrote: .ckpt, .pt, .pth, .bin.
        target: The safetensors file to be written; nothing may be there.
        memory: Bytes that the program may take; by default several times the file.
    """
    if not source.is_file():
        raise Failure(f"There is no file {source}.")
    if target.suffix != ".safetensors":
        raise Failure(f"{target} must end with .safetensors.")
    if target.exists():
        raise Failure(f"{target} is there already. Choose another name, or remove it.")
    if not target.parent.is_dir():
        raise Failure(f"There is no folder {target.parent}.")
    most = memory or BASE + TIMES * source.stat().st_size
    command = [sys.executable, "-m", CONVERTER, str(source.resolve()), str(target.resolve()), str(most)]
    code = subprocess.run(command, cwd=CHECKOUT, check=False).returncode
    if code < 0:
        raise Failure(
            f"The program that reads {source.name} was ended by signal {-code}. Nothing was written."
        )
    return code
