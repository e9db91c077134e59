"""A PostgreSQL of its own on loopback, Debian's, that can be stopped, crashed and started again."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

SUPERUSER = "postgres"


def binaries() -> Path | None:
    """The folder of the newest installed server's programs; ``None`` without one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Postgres:
    """A server with its data in ``folder``. Run by root, it is started as the user ``postgres``: it refuses root."""

    def __init__(self, folder: Path) -> None:
        programs = binaries()
        if programs is None:
            raise RuntimeError("PostgreSQL is not installed: it is Debian's package postgresql")
        self._programs = programs
        self._data = folder / "data"
        self._folder = folder
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            account = pwd.getpwnam(SUPERUSER)
            os.chown(folder, account.pw_uid, account.pw_gid)
        self._run(
            "initdb", "-D", str(self._data), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale", "C"
        )
        settings = (
            f"port = {self.port}",
            "listen_addresses = '127.0.0.1'",
            "unix_socket_directories = ''",
            "max_connections = 120",
            "shared_buffers = 32MB",
        )
        self._run("sh", "-c", f"printf '%s\\n' {_quoted(settings)} >> {self._data}/postgresql.conf")

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._run("pg_ctl", "-D", str(self._data), "-l", str(self._folder / "log"), "-w", "-t", "30", "start")

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop it: ``fast`` ends the sessions, ``immediate`` is a crash that the next start recovers from."""
        self._run("pg_ctl", "-D", str(self._data), "-m", mode, "-w", "-t", "30", "stop")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop("immediate")

    def _run(self, program: str, *arguments: str) -> None:
        own = self._programs / program
        command: Sequence[str] = [str(own) if own.exists() else program, *arguments]
        if os.geteuid() == 0:
            runuser = shutil.which("runuser") or "/usr/sbin/runuser"
            command = [runuser, "-u", SUPERUSER, "--", *command]
        done = subprocess.run(  # noqa: S603 - a program of the server's own package, arguments made here
            command,
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")


def _quoted(lines: Sequence[str]) -> str:
    import shlex

    return " ".join(shlex.quote(line) for line in lines)
