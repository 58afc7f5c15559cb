"""The endpoint generator against real servers: one of the standard library that fails on purpose, a real model's."""

import collections
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gensweep.errors import UserError
from gensweep.models import openai
from gensweep.records import Generation, GenerationRequest

SECRET = "sk-do-not-print-me"


def request(number: int, **values: Any) -> GenerationRequest:
    settings: dict[str, Any] = {
        "context": "Context. ",
        "prompt": f"Prompt {number}",
        "max_tokens": 7,
        "temperature": 0.5,
        "stop": ("\n\n",),
        "seed": 3,
    }
    return GenerationRequest(id=f"local/{number}", source_id="d", **(settings | values))


class Server(http.server.ThreadingHTTPServer):
    """Answers with the scripted statuses first, then with 200; notes what it was asked and when."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: collections.deque[int] = collections.deque()
        self.refusal = "no"
        self.answer: dict[str, Any] | None = None
        self.models: list[dict[str, Any]] = []
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, Any], str]] = []
        self.times: list[float] = []
        self.under_way = self.most_under_way = 0
        self.delay = 0.0
        self.lock = threading.Lock()

    def name(self, settings: str = "") -> str:
        return f"openai:org/m@main@http://127.0.0.1:{self.server_port}/v1{settings}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        self._send(200, {"data": self.server.models})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.asked.append((self.path, body, self.headers.get("Authorization", "")))
            self.server.times.append(time.monotonic())
            self.server.under_way += 1
            self.server.most_under_way = max(self.server.most_under_way, self.server.under_way)
            status = self.server.statuses.popleft() if self.server.statuses else 200
        time.sleep(self.server.delay)
        with self.server.lock:
            self.server.under_way -= 1
        if status != 200:
            self._send(status, {"error": {"message": self.server.refusal}})
            return
        said = body["messages"][0]["content"] if "messages" in body else body["prompt"]
        choice = {"message": {"content": f"- {said}"}, "text": f"- {said}", "finish_reason": "stop"}
        answer = {"choices": [choice], "usage": {"prompt_tokens": 11, "completion_tokens": 5}}
        self._send(200, answer if self.server.answer is None else self.server.answer)

    def _send(self, status: int, content: dict[str, Any]) -> None:
        payload = json.dumps(content).encode()
        self.send_response(status)
        for key, value in self.server.headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv(openai.KEY, SECRET)
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def generate(name: str, *requests: GenerationRequest) -> list[Generation]:
    return sorted(openai.OpenAIModel(name).generate(requests), key=lambda generation: generation.request_id)


def test_every_request_is_answered_with_its_settings(server: Server) -> None:
    answers = generate(server.name(), request(0), request(1))
    assert [(answer.request_id, answer.text) for answer in answers] == [
        ("local/0", "- Context. Prompt 0"),
        ("local/1", "- Context. Prompt 1"),
    ]
    assert {(answer.prompt_tokens, answer.new_tokens, answer.finish, answer.error) for answer in answers} == {
        (11, 5, "stop", "")
    }
    path, body, key = server.asked[0]
    assert (path, key) == ("/v1/chat/completions", f"Bearer {SECRET}")
    assert {field: body[field] for field in ("model", "temperature", "seed", "stop", "max_tokens")} == {
        "model": "org/m@main",
        "temperature": 0.5,
        "seed": 3,
        "stop": ["\n\n"],
        "max_tokens": 7,
    }


def test_completions_for_models_without_a_chat_template(server: Server) -> None:
    name = server.name("?api=completions")
    (answer,) = generate(name, request(0))
    assert answer.text == "- Context. Prompt 0"
    assert server.asked[0][0] == "/v1/completions"
    assert server.asked[0][1]["prompt"] == "Context. Prompt 0"
    assert openai.OpenAIModel(name).chat("message") is None
    assert openai.OpenAIModel(server.name()).chat("message") == "message"


def test_transient_failures_are_tried_again(server: Server) -> None:
    server.headers = {"Retry-After": "0"}
    server.statuses.extend([429, 500, 503])
    (answer,) = generate(server.name(), request(0))
    assert (answer.finish, len(server.asked)) == ("stop", 4)


def test_pauses_grow_and_retry_after_is_heard(server: Server) -> None:
    server.statuses.extend([503, 503])
    assert generate(server.name(), request(0))[0].finish == "stop"
    first, second, third = server.times
    assert 0.25 <= second - first < 1.5  # half a second, shortened by up to a half; the rest is the busy machine's
    assert 0.5 <= third - second < 2.5
    server.headers = {"Retry-After": "1"}
    server.statuses.append(429)
    generate(server.name(), request(1))
    assert server.times[-1] - server.times[-2] >= 1.0


def test_what_fails_for_good_is_a_row_and_the_others_go_on(server: Server) -> None:
    server.headers = {"Retry-After": "0"}
    server.refusal = f"prompt too long, by the way your key is {SECRET}"
    server.statuses.append(400)
    answers = generate(server.name("?parallel=1"), request(0), request(1))
    assert [answer.finish for answer in answers] == ["error", "stop"]
    assert "answered 400" in answers[0].error and "prompt too long" in answers[0].error
    assert SECRET not in answers[0].error
    server.statuses.extend([500] * 6)
    (answer,) = generate(server.name(), request(2))
    assert answer.finish == "error" and "answered 500" in answer.error


@pytest.mark.parametrize(
    ("status", "refusal", "complaint"),
    [
        (401, f"Incorrect API key provided: {SECRET}", "refuses the key of the environment variable OPENAI_API_KEY"),
        (403, "forbidden", "refuses the key"),
        (404, "no such model", "has no model org/m@main or no chat API"),
        (400, "no default chat template is defined", "add api=completions to the name"),
    ],
)
def test_what_no_request_can_mend_is_the_user_s(server: Server, status: int, refusal: str, complaint: str) -> None:
    server.refusal = refusal
    server.statuses.extend([status] * 3)
    with pytest.raises(UserError, match=complaint) as caught:
        generate(server.name(), request(0), request(1), request(2))
    assert SECRET not in str(caught.value)


def test_unreachable_endpoint() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        name = f"openai:m@http://127.0.0.1:{free.getsockname()[1]}/v1"
    with pytest.raises(UserError, match="no endpoint answers at http://127"):
        openai.OpenAIModel(name)


@pytest.mark.parametrize(
    ("answer", "finish", "text"),
    [
        ({"choices": [{"message": {"content": None}, "finish_reason": "stop"}]}, "stop", ""),
        ({"choices": [{"message": {"content": "a\n\nb"}, "finish_reason": "length"}]}, "stop", "a"),
        ({"choices": [{"message": {"content": "a b"}, "finish_reason": "length"}]}, "length", "a b"),
        ({"choices": [{"message": {"content": "a"}, "finish_reason": "content_filter"}]}, "error", "a"),
        ({"choices": []}, "error", ""),
        ({"error": "out of memory"}, "error", ""),
    ],
)
def test_unusual_answers(server: Server, answer: dict[str, Any], finish: str, text: str) -> None:
    server.answer = answer
    (generation,) = generate(server.name(), request(0))
    assert (generation.finish, generation.text) == (finish, text)
    assert (generation.error != "") == (finish == "error")


def test_parallel_requests_and_the_rate_limit(server: Server) -> None:
    server.delay = 0.1
    generate(server.name("?parallel=3"), *map(request, range(9)))
    assert server.most_under_way == 3
    server.times.clear()
    generate(server.name("?requests_per_minute=300"), *map(request, range(4)))
    gaps = [after - before for before, after in zip(server.times, server.times[1:], strict=False)]
    assert server.times[-1] - server.times[0] >= 3 * 0.2 - 0.1  # 300 a minute is one each 0.2 s
    assert max(gaps) < 2


def test_window_and_tokens(server: Server) -> None:
    assert openai.OpenAIModel(server.name()).window == 8192
    server.models = [{"id": "other", "max_model_len": 5}, {"id": "org/m@main", "max_model_len": 4096}]
    assert openai.OpenAIModel(server.name()).window == 4096
    model = openai.OpenAIModel(server.name("?window=2000"))
    assert model.window == 2000
    assert (model.count_tokens(""), model.count_tokens("abc"), model.count_tokens("ä")) == (0, 2, 1)


def test_an_endpoint_cannot_score(server: Server) -> None:
    model = openai.OpenAIModel(server.name())
    for ask in (lambda: model.score("", []), lambda: model.check("", [])):
        with pytest.raises(UserError, match=r"use it as augmentation\.generator"):
            ask()


def test_identity_and_cost_leave_out_and_use_the_settings() -> None:
    name = "openai:m@https://host/v1?parallel=2&input_price=0.5&output_price=2"
    assert openai.identity(name) == openai.identity("openai:m@https://host/v1/") == "openai:chat:m@https://host/v1"
    rows = [
        Generation(request_id="a", source_id="d", text="", prompt_tokens=1_000_000, new_tokens=500_000, finish="stop")
    ]
    assert openai.cost(name, rows * 2) == 3.0  # 2 × (1 M × $0.5 + 0.5 M × $2)


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("openai:m", "name it openai:MODEL@URL"),
        ("openai:m@host:80/v1", "name it openai:MODEL@URL"),
        ("openai:m@http://h/v1?paralel=2", "no setting paralel .did you mean 'parallel'"),
        ("openai:m@http://h/v1?parallel=two", "parallel=two is not a number"),
        ("openai:m@http://h/v1?parallel=0", "parallel must be at least 1"),
        ("openai:m@http://h/v1?input_price=-1", "no setting negative"),
        ("openai:m@http://h/v1?api=assistants", "api is chat or completions"),
    ],
)
def test_names_that_are_wrong(name: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        openai.endpoint(name)


def _save_random_chat_model(folder: Path) -> None:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = ["<unk>", "<end>", "<user>", "<assistant>", "femp", "glon", "are", "old", "."]
    raw = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, unk_token="<unk>", eos_token="<end>", pad_token="<end>")
    tokenizer.chat_template = "{% for m in messages %}<user> {{ m['content'] }} <assistant>{% endfor %}"
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=128,
        eos_token_id=1,
        pad_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)


@pytest.mark.slow
def test_against_transformers_serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(openai.KEY, raising=False)
    _save_random_chat_model(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(tmp_path), "--device", "cpu"]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with (tmp_path / "log").open("w") as log:
        serving = subprocess.Popen([*command, "--port", str(port)], stdout=log, stderr=log, env=environment)
    try:
        _wait_until_up(f"http://127.0.0.1:{port}/health", serving, tmp_path / "log")
        name = f"openai:{tmp_path}@http://127.0.0.1:{port}/v1"
        asked = [request(number, prompt="femp are old", temperature=0.0, max_tokens=6, stop=()) for number in range(3)]
        answers = generate(name, *asked)
        assert [answer.request_id for answer in answers] == [item.id for item in asked]
        assert len({answer.text for answer in answers}) == 1  # greedy: the same prompt, the same text
        assert all(answer.finish in ("stop", "length") and 0 < answer.new_tokens <= 6 for answer in answers)
    finally:
        serving.terminate()
        serving.wait(20)


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.3)
    raise AssertionError(log.read_text())
