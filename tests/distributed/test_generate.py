"""Augmentation with Ray Data: what it writes depends on neither the number of actors nor on interruptions."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray

from gensweep.augmenting import Augmenting, cut, generate_inline, plan, stored_block
from gensweep.distributed import cluster
from gensweep.distributed.generate import ray_generate
from gensweep.records import Generation
from gensweep.specs import Augmentation, SimpleReversals
from gensweep.store import Store

pytestmark = pytest.mark.slow
MODEL = "builtin:random"


@pytest.fixture(scope="module")
def connection() -> Iterator[None]:
    """A Ray of two CPUs on this machine."""
    with cluster.connected("local"):
        yield
    assert not ray.is_initialized()


@pytest.fixture
def job() -> Augmenting:
    """Enough sampled generations for several blocks."""
    from gensweep import datasets

    dataset = datasets.build(SimpleReversals(facts=64, documents_per_fact=2), 0)
    settings = Augmentation(strategy="local", max_tokens=6, samples=2, temperature=1.0)
    return Augmenting(key="job", dataset=dataset, settings=settings, generator=MODEL, seed=0)


def _texts(job: Augmenting, store: Store) -> list[Generation]:
    return [generation for block in cut(plan(job), MODEL) for generation in stored_block(block, store)]


def test_any_number_of_actors_writes_the_same(connection: None, job: Augmenting, tmp_path: Path) -> None:
    blocks = cut(plan(job), MODEL)
    assert len(blocks) >= 4
    stores = [Store(str(tmp_path / name)) for name in ("inline", "one", "two")]
    generate_inline(blocks, MODEL, stores[0], lambda key: None)
    heard: list[str] = []
    for slots, store in ((1, stores[1]), (2, stores[2])):
        heard.clear()
        ray_generate(cluster.Share(cpus=1, gpus=0, slots=slots))(blocks, MODEL, store, heard.append)
        assert sorted(heard) == sorted(block.key for block in blocks)
    inline, one, two = (_texts(job, store) for store in stores)
    assert inline == one == two
    assert len({generation.text for generation in inline}) > len(inline) / 2


def test_all_actors_of_an_endpoint_are_one(connection: None, job: Augmenting, tmp_path: Path) -> None:
    """So that ``parallel`` and ``requests_per_minute`` hold for the sweep, not for each of its actors."""
    busy: set[int] = set()
    most: list[int] = []
    clients: list[str] = []

    class Endpoint(http.server.BaseHTTPRequestHandler):
        def _answer(self, content: dict[str, object]) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:  # each model asks once, when it is made
            clients.append(self.path)
            self._answer({"data": []})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            busy.add(threading.get_ident())
            most.append(len(busy))
            time.sleep(0.03)
            busy.discard(threading.get_ident())
            self._answer({"choices": [{"text": "Glon are old.", "finish_reason": "stop"}]})

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        name = f"openai:m@http://127.0.0.1:{server.server_port}/v1?api=completions&parallel=1"
        blocks = cut(plan(job), name)
        store = Store(str(tmp_path))
        clients.clear()
        ray_generate(cluster.Share(cpus=1, gpus=0, slots=2))(blocks, name, store, lambda key: None)
        server.shutdown()
    written = [generation for block in blocks for generation in stored_block(block, store)]
    assert {generation.text for generation in written} == {"Glon are old."}
    assert len(most) == len(written) > 128
    assert (max(most), len(clients)) == (1, 1)


def test_a_finished_block_is_not_generated_again(job: Augmenting, tmp_path: Path) -> None:
    from gensweep.augmenting import run_augmentation

    store, asked = Store(str(tmp_path)), []

    def generate(blocks, model, store, on_done):  # type: ignore[no-untyped-def]
        asked.append([block.key for block in blocks])
        generate_inline(blocks[:2] if len(asked) == 1 else blocks, model, store, on_done)
        if len(asked) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_augmentation(job, store, generate=generate)
    run_augmentation(job, store, generate=generate)
    assert asked[1] == asked[0][2:]
