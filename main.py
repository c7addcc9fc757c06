"""Weft's one composition root: where everything lies, and which command to start."""

from pathlib import Path

from engine.backends.settings import Settings, settings_at
from engine.commands.app import app, start

ROOT = Path(__file__).parent


def settings(output: Path | None) -> Settings:
    """This checkout's folders; pictures may go elsewhere."""
    return settings_at(ROOT, output)


if __name__ == "__main__":
    start(app(settings), "python main.py")
