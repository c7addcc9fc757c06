"""What was measured, as a table for the terminal and as markdown that stays."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"
COLUMNS = ("work", "measured", "reach", "")


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: what was done, what came out, what it should reach, and whether it did."""

    work: str
    measured: str
    reach: str
    reached: bool

    def cells(self) -> tuple[str, str, str, str]:
        """The row's texts, in the order of `COLUMNS`."""
        return self.work, self.measured, self.reach, "yes" if self.reached else "NO"


def machine() -> str:
    """The processor, the number of cores and the Python that measured."""
    load = os.getloadavg()[0]
    return f"{_processor()}, {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}"


def _processor() -> str:
    known = Path("/proc/cpuinfo")  # Linux; elsewhere Python knows as much
    lines = known.read_text("utf-8").splitlines() if known.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def show(title: str, rows: list[Row]) -> None:
    """Print the rows as a table."""
    table = Table(*COLUMNS, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row.cells(), style="" if row.reached else "red")
    Console().print(table)


def keep(rows: list[Row]) -> Path:
    """Append the rows to this month's file in `results/`, with date and machine."""
    now = datetime.now(UTC)
    path = RESULTS / f"{now:%Y-%m}.md"
    lines = [f"## {now:%Y-%m-%d %H:%M} UTC", "", machine(), ""]
    lines += ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    RESULTS.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("\n".join([*lines, "", ""]))
    return path
