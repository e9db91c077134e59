"""The command line: what it prints where, which exit codes it leaves with, and that nothing breaks it."""

import contextlib
import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fakes_cli
import pytest
from fakes_cli import DOWN, ORDER, QUESTION, REFUSED, UNCLEAR, scripted_cascade
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from cascade import __version__
from cascade.backends.base import BackendHealth, ChatReply
from cascade.cli import app, common
from cascade.cli.common import shown
from cascade.cli.reading import MAX_LINE_BYTES, batches, read_lines
from cascade.errors import BackendTimeout, BundleNotFound, ConfigurationError
from cascade.testing import FakeBackend

Run = Callable[..., Result]
HERE = Path(__file__).parent


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command line on the scripted cascade."""
    monkeypatch.setattr(common, "open_cascade", scripted_cascade)
    return lambda *arguments, input="": CliRunner().invoke(app, arguments, input=input)


def objects(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_an_order_is_shown_whole(run: Run) -> None:
    result = run("classify", ORDER)
    assert result.exit_code == 0
    assert [line.rstrip() for line in result.stdout.splitlines()] == [
        f"✓ {ORDER}",
        "  answered · order_drink · by rules · 20 µs",
        "  items       drink     quantity  sugar  temperature",
        "              珍珠奶茶  2         less   no_ice",
        "  use_coupon  yes",
    ]
    assert result.stderr == ""


def test_no_utterance_is_said_and_no_error(run: Run) -> None:
    result = run("classify", "-", input="\n\n")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "cascade: there was nothing to classify\n"


def test_columns_line_up_in_chinese(run: Run) -> None:
    header, row = run("classify", ORDER).stdout.splitlines()[2:4]
    before = header[: header.index("quantity")]
    assert cell_len(row[: row.index("2")]) == cell_len(before)


def test_what_was_not_understood_is_named(run: Run) -> None:
    lines = run("classify", UNCLEAR).stdout.splitlines()
    assert lines[0] == f"? {UNCLEAR}"
    assert lines[2].strip() == "not understood: 适合备考"
    assert "a guess to confirm: order_drink by classifier, confidence 0.910" in lines[3]


def test_reasons_stand_where_no_tier_could(run: Run) -> None:
    out = run("classify", "--llm", "fake:model", DOWN).stdout
    assert "unresolved" in out
    assert "rules: no_match" in out
    assert "llm: BackendUnavailable, the server is restarting (try again)" in out


def test_json_has_the_documented_shape(run: Run) -> None:
    (answer,) = objects(run("classify", "--json", ORDER).stdout)
    assert list(answer) == [
        *("text", "status", "tier", "intent", "answer", "confidence", "reason", "uncovered", "candidates"),
        *("attempts", "cost", "bundle"),
    ]
    assert (answer["text"], answer["status"], answer["tier"]) == (ORDER, "answered", "rules")
    assert answer["answer"]["items"][0]["drink"] == "珍珠奶茶"
    assert answer["cost"]["latency_us"] == 20
    (turn,) = answer["attempts"]
    assert (turn["outcome"], turn["verdict"], turn["cost"]) == ("proposal", "answered", answer["cost"])


def test_json_tells_each_turn(run: Run) -> None:
    (answer,) = objects(run("classify", "--json", "--llm", "x", DOWN).stdout)
    assert [turn["outcome"] for turn in answer["attempts"]] == ["abstention", "abstention", "failure"]
    assert answer["attempts"][2]["retryable"] is True
    (answer,) = objects(run("classify", "--json", UNCLEAR).stdout)
    spans = [{"start": 13, "end": 17, "text": "适合备考"}]
    assert answer["uncovered"] == answer["candidates"][0]["uncovered"] == spans
    assert answer["attempts"][1]["runner_up"] == ["recommend_drink", 0.06]


def test_an_answer_leaves_nothing_uncovered(run: Run) -> None:
    (answer,) = objects(run("classify", "--json", "--llm", "x", UNCLEAR).stdout)
    assert (answer["tier"], answer["uncovered"]) == ("llm", [])


def test_a_file_keeps_its_order_and_blank_lines_are_skipped(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "said.txt"
    texts = [ORDER, REFUSED, QUESTION] * 50
    file.write_text("\ufeff" + "\r\n\r\n".join(texts) + "\n \n", encoding="utf-8")
    result = run("classify", "--json", "--no-ledger", "--file", str(file))
    assert [answer["text"] for answer in objects(result.stdout)] == texts
    assert result.stderr == ""


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_standard_input(run: Run, arguments: tuple[str, ...]) -> None:
    result = run("classify", "--json", *arguments, input=f"{ORDER}\n{REFUSED}")
    assert [answer["text"] for answer in objects(result.stdout)] == [ORDER, REFUSED]


def test_a_line_that_is_no_text_is_rejected_and_named(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "said.txt"
    file.write_bytes(b"\xff\xfebad\n" + REFUSED.encode() + b"\nab\xe5\x93\n")
    result = run("classify", "--json", "-f", str(file))
    assert result.exit_code == 0
    first, second, third = objects(result.stdout)
    assert (first["status"], first["reason"], first["text"]) == ("rejected", "not_text", "\ufffd\ufffdbad")
    assert second["status"] == "answered"
    assert third["status"] == "rejected"
    assert "line 1: not UTF-8 at byte 1; rejected" in result.stderr
    assert "line 3: not UTF-8 at byte 3; rejected" in result.stderr


def test_many_such_lines_are_counted_not_listed(run: Run) -> None:
    result = run("classify", "--json", "--no-ledger", "-", input=b"\xff\n" * 25)
    assert len(objects(result.stdout)) == 25
    assert len(result.stderr.splitlines()) == 11
    assert "and 15 more lines" in result.stderr


@pytest.mark.parametrize("text", ["", "   ", "\x00", "喝" * 1000])
def test_input_that_is_refused_is_told_and_exits_with_0(run: Run, text: str) -> None:
    result = run("classify", "--json", "--", text)
    assert result.exit_code == 0
    (answer,) = objects(result.stdout)
    assert (answer["status"], answer["text"]) == ("rejected", text)


def test_an_argument_that_is_no_text_is_rejected_whole(run: Run) -> None:
    result = run("classify", "--json", "领张券", "\udcff领张券")
    first, second = objects(result.stdout)
    assert first["status"] != "rejected"
    assert (second["status"], second["reason"]) == ("rejected", "not_text")
    assert "line 2: not UTF-8 at character 1; rejected" in result.stderr


def test_nobody_steers_the_terminal(run: Run) -> None:
    out = run("classify", "\x1b[31mred\u202eder\x07").stdout
    assert "�[31mred�der�" in out
    assert "\x1b" not in out


@given(st.text())
def test_shown_text_is_as_long_and_harmless(text: str) -> None:
    assert len(shown(text)) == len(text)
    assert not set(shown(text)) & {chr(code) for code in (*range(32), 0x7F, *range(0x80, 0xA0), 0x202E)}
    shown(text).encode()


def test_the_ledger_sums_up_on_standard_error(run: Run) -> None:
    result = run("classify", "--llm", "x", ORDER, REFUSED, UNCLEAR, DOWN)
    lines = result.stderr.splitlines()
    assert lines[1].split() == [
        "tier",
        "turns",
        "answered",
        "share",
        "p50",
        "p99",
        "tokens",
        "in",
        "out",
        "cost",
    ]
    assert lines[2].split()[:4] == ["rules", "4", "2", "50.0%"]
    assert lines[4].split() == ["llm", "2", "1", "25.0%", "20", "µs", "20", "µs", "700", "60", "¥0.00068"]
    assert lines[5].split()[:4] == ["all", "4", "3", "75.0%"]
    assert lines[6] == "3 answered · 1 unresolved"
    assert lines[7] == (
        "all of it to the large model: ¥0.00272, estimated from 1 measured (prices of 2026-11-22)"
    )


def test_what_is_unknown_is_shown_as_unknown(run: Run) -> None:
    result = run("classify", "--llm", "x", "--ledger", QUESTION)
    assert "tokens unknown, cost unknown" in result.stdout
    assert ["llm", "1", "1", "100.0%", "20", "µs", "20", "µs", "unknown", "unknown", "unknown"] in [
        line.split() for line in result.stderr.splitlines()
    ]
    assert "what one turn cost is not" in result.stderr
    assert "to the large model: unknown" in result.stderr


def test_a_price_book_of_ones_own(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text("date = 2026-01-02\n[USD.models.qwen-plus]\ninput = 1000\noutput = 2000\n")
    out = run("classify", "--llm", "x", "--prices", str(file), "--currency", "USD", UNCLEAR).stdout
    assert "$0.82" in out
    file.write_text("date = yesterday")
    result = run("classify", "--prices", str(file), ORDER)
    assert result.exit_code == 2
    assert result.stderr.startswith("cascade: price book")


@pytest.mark.parametrize(
    "arguments",
    [
        ("classify", "-f", "nowhere.txt"),
        ("classify", "-f", __file__, "text"),
        ("classify", "-", "text"),
        ("classify", "--deadline", "0", "text"),
        ("classify", "--deadline", "nan", "text"),
        ("classify", "--currency", "EUR", "text"),
        ("explain",),
        ("nonsense",),
    ],
)
def test_wrong_arguments_exit_with_2_and_no_trace(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [("classify", ORDER), ("explain", ORDER)])
def test_an_error_is_one_line_with_its_hint(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise BundleNotFound("no bundle at 'x'\nat all", hint="name another")

    monkeypatch.setattr(common, "open_cascade", fail)
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 2
    assert result.stderr == "cascade: no bundle at 'x' at all (name another)\n"


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"cascade {__version__}\n"


def test_explain_shows_each_turn(run: Run) -> None:
    lines = [line.strip() for line in run("explain", UNCLEAR).stdout.splitlines()]
    assert "read as       帮我点一杯少糖少冰、适合备考的奶茶  after a wake word" in lines
    assert "1 rules       escalated  uncovered  20 µs" in lines
    assert "abstained; understood so far: order_drink" in lines
    assert "confidence 0.910, asked for 0.95" in lines
    assert "0.850 ahead of recommend_drink, asked for 0.5" in lines
    assert f"not understood in  {UNCLEAR}" in lines
    assert "no large model to ask: name one with --llm ollama:qwen3:8b" in lines
    assert f"? {UNCLEAR}" in lines


def test_explain_says_which_tiers_were_not_needed(run: Run) -> None:
    out = run("explain", "--llm", "x", REFUSED).stdout
    assert "phrase 别帮我点" in out
    assert "not needed: classifier, llm" in out


def test_explain_shows_a_failure(run: Run) -> None:
    out = run("explain", "--llm", "x", DOWN).stdout
    assert "3 llm         fallback  BackendUnavailable" in out
    assert "the server is restarting (try again)" in out


def test_explain_tells_money(run: Run) -> None:
    assert (
        "3 llm         answered    20 µs, 700 + 60 tokens, ¥0.00068"
        in run("explain", "--llm", "x", UNCLEAR).stdout
    )
    out = run("explain", "--llm", "x", "--currency", "USD", UNCLEAR).stdout
    assert "700 + 60 tokens, $0.000352" in out


def test_explain_a_rejected_text(run: Run) -> None:
    result = run("explain", "喝" * 1000)
    assert result.exit_code == 0
    assert "rejected · too_long" in result.stdout


def on_terminal(arguments: list[str], environment: dict[str, str], stdout: int | None = None) -> str:
    """What the scripted command line writes to a terminal of 100 columns."""
    script = "import fakes_cli; from cascade.cli import app, common; "
    script += "common.open_cascade = fakes_cli.scripted_cascade; app()"
    ours, theirs = pty.openpty()
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
        env=plain | {"TERM": "xterm-256color", "COLUMNS": "100", "PYTHONPATH": str(HERE)} | environment,
        cwd=HERE.parent,
    )
    os.close(theirs)
    written = b""
    with contextlib.suppress(OSError):  # raised when the other end is closed
        while piece := os.read(ours, 4096):
            written += piece
    os.close(ours)
    assert process.wait(30) == 0
    return written.decode()


def test_a_terminal_gets_colours_unless_told_not_to() -> None:
    assert "\x1b[32manswered" in on_terminal(["classify", ORDER], {})
    plain = on_terminal(["classify", ORDER], {"NO_COLOR": "1"})
    assert "answered" in plain
    assert "\x1b[32m" not in plain


def test_a_long_file_shows_a_bar_on_the_terminal_only(tmp_path: Path) -> None:
    file, answers = tmp_path / "said.txt", tmp_path / "answers.jsonl"
    file.write_text(f"{ORDER}\n" * 2000, encoding="utf-8")
    with answers.open("wb") as out:
        seen = on_terminal(["classify", "--json", "-f", str(file)], {}, out.fileno())
    assert "100%" in seen or "━" in seen
    assert len(objects(answers.read_text(encoding="utf-8"))) == 2000


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "said.txt"
    file.write_text(f"{ORDER}\n" * 5000, encoding="utf-8")
    script = "import fakes_cli; from cascade.cli import app, common; "
    script += "common.open_cascade = fakes_cli.scripted_cascade; app()"
    with subprocess.Popen(
        [sys.executable, "-c", script, "classify", "--no-ledger", "-f", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(HERE)},
        cwd=HERE.parent,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_help_and_version_start_without_the_heavy_parts() -> None:
    script = "import sys; from cascade.cli import app; app(['--version'], standalone_mode=False); "
    script += "print([name for name in ('onnxruntime', 'numpy', 'ollama', 'httpx', 'pydantic') if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines() == [f"cascade {__version__}", "[]"]


def test_lines_are_split_as_bytes() -> None:
    stream = io.BytesIO(b"\xef\xbb\xbfa\r\n\n\t\nb\x0bc\n" + b"x" * (MAX_LINE_BYTES + 5) + b"\nlast")
    lines = list(read_lines(stream))
    assert [(line.number, line.said) for line in lines[:2]] == [(1, "a"), (4, "b\x0bc")]
    assert lines[2].problem == f"longer than {MAX_LINE_BYTES} bytes"
    assert isinstance(lines[2].said, bytes)
    assert (lines[3].number, lines[3].said) == (6, "last")


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for line in read_lines(io.BytesIO(data)):
        assert bool(line.problem) == isinstance(line.said, bytes)
        assert line.text.encode()


@given(st.lists(st.integers()), st.integers(1, 7))
def test_batches_keep_everything(values: list[int], size: int) -> None:
    parts = list(batches(values, size))
    assert [value for part in parts for value in part] == values
    assert all(0 < len(part) <= size for part in parts)


HEALTHY = BackendHealth(reachable=True, model_present=True, version="0.24.0")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A sealed bundle with nothing but a policy."""
    from cascade.bundle import seal

    manifest = {
        **{"format": 1, "name": "tiny", "version": "1", "language": "zh", "features": "none"},
        **{"answer_model": "cascade.orders:OrderIntent", "intents": []},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "policy.yaml").write_text("default: {confidence: 0.8}\nacting: {confidence: 0.9}\n")
    seal(tmp_path)
    return tmp_path


def examined(run: Run, monkeypatch: pytest.MonkeyPatch, bundle: Path, backend: FakeBackend) -> Result:
    monkeypatch.setattr("cascade.backends.resolve.open_backend", lambda _: backend)
    result = run("doctor", "--bundle", str(bundle), "--llm", "ollama:qwen3:8b")
    assert backend.closed
    return result


def test_doctor_finds_all_in_order(run: Run, monkeypatch: pytest.MonkeyPatch, bundle: Path) -> None:
    backend = FakeBackend(['{"cups": 2, "drink": "tea"}'], health=HEALTHY)
    result = examined(run, monkeypatch, bundle, backend)
    assert result.exit_code == 0
    assert "tiny@1" in result.stdout
    assert "every hash as sealed" in result.stdout
    assert "version 0.24.0" in result.stdout
    assert "kept" in result.stdout
    assert "✗" not in result.stdout
    assert backend.requests[0].schema is not None


def test_doctor_finds_that_the_prompt_does_not_fit(
    run: Run, monkeypatch: pytest.MonkeyPatch, bundle: Path
) -> None:
    def open_cascade(source: str | None, llm: str | None, listeners: Any = ()) -> Any:
        if llm is not None:
            raise ConfigurationError("a prompt of 4577 tokens may not fit", hint="open it with more")
        return scripted_cascade(source, llm, listeners)

    monkeypatch.setattr(common, "open_cascade", open_cascade)
    backend = FakeBackend(['{"cups": 2, "drink": "tea"}'], health=HEALTHY)
    result = examined(run, monkeypatch, bundle, backend)
    assert result.exit_code == 1
    assert "may not fit" in result.stdout


def test_doctor_without_a_model_is_well(run: Run, bundle: Path) -> None:
    result = run("doctor", "--bundle", str(bundle))
    assert result.exit_code == 0
    assert "none named" in result.stdout


@pytest.mark.parametrize(
    ("health", "script", "found"),
    [
        (BackendHealth(reachable=False, detail="refused"), ["{}"], "no answer: refused"),
        (
            BackendHealth(reachable=True, model_present=False, models=("smol",)),
            ["{}"],
            "not there; there are smol",
        ),
        (HEALTHY, ["Hello! The sea ..."], "not kept, the reply was 'Hello! The sea ...'"),
        (HEALTHY, ['{"cups": 3, "drink": "tea"}'], "not kept"),
        (HEALTHY, [BackendTimeout("no reply in 60 s", hint="warm it up")], "no reply in 60 s"),
    ],
)
def test_doctor_finds_what_is_wrong_with_a_server(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    bundle: Path,
    health: BackendHealth,
    script: list[str | BackendTimeout],
    found: str,
) -> None:
    result = examined(run, monkeypatch, bundle, FakeBackend(script, health=health))
    assert result.exit_code == 1
    assert found in result.stdout
    assert "→" in result.stdout


def test_doctor_takes_a_reply_that_came_as_thinking(
    run: Run, monkeypatch: pytest.MonkeyPatch, bundle: Path
) -> None:
    reply = ChatReply(content="", thinking='{"drink": "tea", "cups": 2}')
    result = examined(run, monkeypatch, bundle, FakeBackend([reply], health=HEALTHY))
    assert result.exit_code == 0
    assert "unknown output tokens" in result.stdout


@pytest.mark.parametrize(
    ("health", "found"),
    [
        (
            BackendHealth(reachable=True, model_present=False, models=("a.gguf",)),
            "not listed; there are a.gguf",
        ),
        (BackendHealth(reachable=True), "does not say whether it has it"),
    ],
)
def test_doctor_lets_the_chat_decide_where_the_list_does_not(
    run: Run, monkeypatch: pytest.MonkeyPatch, bundle: Path, health: BackendHealth, found: str
) -> None:
    backend = FakeBackend(['{"cups": 2, "drink": "tea"}'], health=health)
    monkeypatch.setattr("cascade.backends.resolve.open_backend", lambda _: backend)
    result = run("doctor", "--bundle", str(bundle), "--llm", "openai:m@http://host/v1")
    assert result.exit_code == 0
    assert found in result.stdout
    assert "schema         kept" in result.stdout


def test_doctor_finds_a_changed_file(run: Run, bundle: Path) -> None:
    (bundle / "policy.yaml").write_text("changed")
    result = run("doctor", "--bundle", str(bundle))
    assert result.exit_code == 1
    assert "not the one that was sealed" in result.stdout
    assert "seal the bundle again" in result.stdout


def test_doctor_finds_a_package_that_does_not_load(monkeypatch: pytest.MonkeyPatch, bundle: Path) -> None:
    def fail(*_: object) -> None:
        raise ImportError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr(common, "open_cascade", fail)
    result = CliRunner().invoke(app, ["doctor", "--bundle", str(bundle)])
    assert result.exit_code == 1
    assert "libgomp.so.1" in result.stdout


def test_doctor_finds_no_bundle_and_no_such_server(run: Run, tmp_path: Path) -> None:
    result = run("doctor", "--bundle", str(tmp_path), "--llm", "nonsense")
    assert result.exit_code == 1
    assert "no bundle at" in result.stdout
    assert "no chat backend 'nonsense'" in result.stdout


def test_the_fakes_say_what_they_should() -> None:
    with scripted_cascade(llm="x") as cascade:
        assert cascade.classify(ORDER).tier == "rules"
        assert fakes_cli.PARTIAL.preferences == ()
