"""Loading a checkpoint of 2 GB in half precision: from a cold start to the first step, and the memory that it takes."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import torch

from benchmarks.report import Row
from ldm.checkpoint import build, save_model
from ldm.published import SD1

TITLE = "Load Stable Diffusion 1.5"
ROOT = Path(__file__).parents[1]
MOST = 3.0  # seconds until the first step
ROUNDS = 3
WEIGHTS = 1066.2e6  # numbers in the file
SPARE = 1.0  # GiB for Python, torch and what is around the weights
BYTES = {"fp32": 4, "bf16": 2}
GRAPH = {
    "m": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd15.safetensors"}},
    "p": {"class_type": "CLIPTextEncode", "inputs": {"text": "a horse", "clip": ["m", 1]}},
    "n": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["m", 1]}},
    "e": {"class_type": "EmptyLatentImage", "inputs": {"width": 256, "height": 256, "batch_size": 1}},
    "s": {
        "class_type": "KSampler",
        "inputs": {"model": ["m", 0], "positive": ["p", 0], "negative": ["n", 0], "latent_image": ["e", 0],
                   "seed": 0, "steps": 4, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0},
    },
    "d": {"class_type": "VAEDecode", "inputs": {"samples": ["s", 0], "vae": ["m", 2]}},
    "i": {"class_type": "PreviewImage", "inputs": {"images": ["d", 0]}},
}  # fmt: skip


def measure() -> list[Row]:
    """A cold start in each precision, beside a Python that only imports torch."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.manual_seed(0)
        save_model(build(SD1), folder / "models" / "checkpoints" / "sd15.safetensors")
        (folder / "input").mkdir()
        (folder / "graph.json").write_text(json.dumps(GRAPH))
        return [row for dtype in BYTES for row in _rows(folder, dtype)]


def _rows(folder: Path, dtype: str) -> list[Row]:
    found = [_first_step(folder, dtype) for _ in range(ROUNDS)]
    seconds, peak = min(one for one, _ in found), max(one for _, one in found)
    torch_alone = min(_seconds("-c", "import torch") for _ in range(ROUNDS))
    most = WEIGHTS * BYTES[dtype] / 2**30 + SPARE
    return [
        Row(
            work=f"cold start to the first step, 2 GB in fp16 to {dtype}",
            measured=f"{seconds:.1f} s (a Python that imports torch {torch_alone:.1f} s)",
            reach=f"within {MOST:.0f} s",
            reached=seconds <= MOST,
        ),
        Row(
            work=f"memory at most until then, {dtype}",
            measured=f"{peak:.2f} GiB",
            reach=f"under {most:.2f} GiB: the weights once, and {SPARE:.0f} GiB",
            reached=peak < most,
        ),
    ]


def _first_step(folder: Path, dtype: str) -> tuple[float, float]:
    """Seconds until the first step starts, and the most memory held until then, in GiB."""
    command = [sys.executable, "-m", "benchmarks.first_step", str(folder), str(folder / "graph.json"), dtype]
    start = perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        word, peak = running.stdout.readline().split()
        seconds = perf_counter() - start
        running.kill()
    assert word == "step"
    return seconds, int(peak) / 2**20


def _seconds(*arguments: str) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, *arguments], check=True)
    return perf_counter() - start
