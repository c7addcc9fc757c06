"""Nodes that do what nodes must not do."""

import asyncio
import ctypes
import locale
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Annotated

from engine.api import Context, Output, Published, node

Value = Annotated[int, Output("value")]


class Odd(BaseException):
    """No Exception."""


@node("Leave")
def leave(how: str, value: int = 0) -> Value:
    """Leave in some way or other."""
    match how:
        case "raise":
            raise ValueError(f"{value} is no good")
        case "exit":
            sys.exit(3)
        case "interrupt":
            raise KeyboardInterrupt
        case "generator exit":
            raise GeneratorExit
        case "base exception":
            raise Odd("odd")
        case "interrupt main":
            signal.raise_signal(signal.SIGINT)
        case "os exit":
            os._exit(0)
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
            time.sleep(600)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "null pointer":
            ctypes.string_at(0)
        case "close everything":
            os.closerange(0, 256)
    return value


@node("DieOnce")
def die_once(mark: str) -> Value:
    """Kill the process the first time, and work the next."""
    if not Path(mark).exists():
        Path(mark).write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    return 1


@node("RunOutOfMemory")
def run_out_of_memory(counter: str) -> Value:
    """Die as if the system had killed the process for its memory."""
    Path(counter).write_text("oom 0\noom_kill 1\n")
    os.kill(os.getpid(), signal.SIGKILL)
    return 1


@node("Block")
def block(how: str, mark: str, value: int = 0) -> Value:
    """Do not listen for ten minutes."""
    Path(mark).write_text("blocking")
    match how:
        case "sleep":
            time.sleep(600)
        case "loop":
            while True:
                value += 1
        case "regex":
            re.match(r"(a+)+$", "a" * 40 + "b")
        case "blackhole":
            listening = socket.create_server(("127.0.0.1", 0))
            socket.create_connection(listening.getsockname()).recv(1)
    return value


@node("BlockAsync")
async def block_async(mark: str) -> Value:
    """Sleep where one should wait."""
    Path(mark).write_text("blocking")
    time.sleep(600)
    await asyncio.sleep(0)
    return 1


@node("Breed")
def breed(notes: str) -> Value:
    """Start a fork, a child, a daemon and a thread, and note their ids."""
    child = subprocess.Popen(["sleep", "600"])
    daemon = subprocess.Popen(["sleep", "600"], start_new_session=True)
    forked = os.fork()
    if forked == 0:
        time.sleep(600)
    threading.Thread(target=time.sleep, args=(600,)).start()
    Path(notes).write_text(f"{child.pid} {daemon.pid} {forked}")
    return 1


@node("Print")
def print_much(how: str, count: int = 1) -> Published:
    """Print something, somehow."""
    match how:
        case "text":
            print("hello\nfrom the node", flush=True)
        case "much":
            for _ in range(count):
                os.write(1, b"x" * 99 + b"\n")
        case "binary":
            os.write(1, bytes(range(256)) * count)
        case "close":
            os.close(1)
            os.close(2)
        case "close stream":
            sys.stdout.close()
    return Published()


@node("ChangeState")
def change_state(folder: str) -> Value:
    """Change whatever belongs to the whole process."""
    os.chdir(folder)
    os.environ["BACKEND_TEST"] = "changed"
    os.environ.pop("PATH", None)
    os.umask(0o777)
    locale.setlocale(locale.LC_ALL, "C.UTF-8" if locale.setlocale(locale.LC_ALL) == "C" else "C")
    sys.path.insert(0, "/nowhere")
    random.seed(0)
    sys.stdout = None
    return 1


@node("State")
def state(step: int = 0) -> Published:
    """Show what belongs to the whole process."""
    umask = os.umask(0)
    os.umask(umask)
    shown = (
        os.getcwd(),
        str(dict(os.environ)),
        oct(umask),
        locale.setlocale(locale.LC_ALL),
        str(sys.path),
        str(sys.stdout is None),
    )
    return Published((), {"text": shown})


@node("Random")
def random_number(step: int = 0) -> Published:
    """Show a random number."""
    return Published((), {"text": (str(random.random()),)})


@node("WritePid")
def write_pid(note: str) -> Value:
    """Note the number of the process."""
    Path(note).write_text(str(os.getpid()))
    return 1


@node("Pid")
def pid(step: int = 0) -> Published:
    """Show the number of the process."""
    return Published((), {"text": (str(os.getpid()),)})


KEPT: list[object] = []


@node("LeakFiles")
def leak_files(count: int = 100) -> Value:
    """Leave files open."""
    KEPT.extend(os.open(os.devnull, os.O_RDONLY) for _ in range(count))
    return count


@node("LeakMemory")
def leak_memory(megabytes: int = 64, *, ctx: Context) -> Value:
    """Leave memory behind."""
    KEPT.append(b"x" * (megabytes << 20))
    return megabytes
