"""`python -m benchmarks [NAME]...`: measure all of it or parts, show it as tables and keep it in `results/`."""

import importlib
import sys

from benchmarks.report import Row, keep, show

SUBJECTS = ("planning", "running", "server", "command_line", "loading", "sampling", "sampling_sd15", "editor")


def main(names: list[str]) -> int:
    """Measure these subjects; 1 if something was not reached."""
    if unknown := set(names) - set(SUBJECTS):
        print(
            f"There is no benchmark {', '.join(unknown)}. There are {', '.join(SUBJECTS)}.", file=sys.stderr
        )
        return 2
    rows: list[Row] = []
    for name in names or SUBJECTS:
        subject = importlib.import_module(f"benchmarks.{name}")
        measured: list[Row] = subject.measure()
        show(subject.TITLE, measured)
        rows += measured
    print(f"Kept in {keep(rows)}")
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
