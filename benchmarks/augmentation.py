"""Global augmentation beside `transformers` generate, our pipeline beside the bare backend, two actors beside one.

    python benchmarks/augmentation.py [--model NAME] [--documents 100] [--tokens 4096] [--peer-documents 2] [--ray]

Without ``--model`` the model is a random Llama of 3 M parameters, small enough for one CPU core. The peer reads the
whole prompt for every document, so that it is timed on ``--peer-documents`` of them and scaled. All three take turns in
each round, each beginning with the corpus; the table has the shortest times. On CPU these are CPU seconds of this
process, which a busy machine disturbs less. ``--ray`` starts Ray on this machine, with one CPU for each actor, and does
the same work in plain processes, which shows what the machine itself makes of a second one; a rate is taken in wall
seconds from the first block on, because starting a process is not generating.
"""

import argparse
import concurrent.futures
import dataclasses
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from small_model import small_llama

from gensweep import datasets, modes
from gensweep.augmenting import Augmenting, Block, cut, generate_inline, plan, run_augmentation
from gensweep.models.base import LanguageModel
from gensweep.records import Dataset, Document, GenerationRequest
from gensweep.specs import Augmentation, SimpleReversals
from gensweep.store import Store


def save_small_model(folder: str, texts: Sequence[str]) -> str:
    """The small random model as files; returns its name."""
    for part in small_llama(texts):
        part.save_pretrained(folder)
    return folder


def corpus(model: LanguageModel, documents: int, tokens: int) -> Dataset:
    """``documents`` texts of several statements each, ``tokens`` long together."""
    world = datasets.build(SimpleReversals(facts=documents, documents_per_fact=17), 0)
    by_fact: dict[str, list[str]] = {}
    for document in world.documents:
        by_fact.setdefault(document.fact_ids[0], []).append(document.text)
    texts = [""] * documents
    for number in range(17 * documents):
        if model.count_tokens("\n".join(texts)) >= tokens:
            break
        at, turn = number % documents, number // documents
        texts[at] = f"{texts[at]} {list(by_fact.values())[at][turn]}".strip()
    made = tuple(Document(id=f"d{number}", text=text) for number, text in enumerate(texts))
    return dataclasses.replace(world, documents=made, facts=(), questions=())


def clock() -> float:
    """CPU seconds of this process, or wall seconds where a GPU does the work."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


def fresh(name: str) -> LanguageModel:
    """The model as it is before its first request: it has read no corpus yet."""
    modes.base_model.cache_clear()
    return modes.base_model(name)


def bare(model: LanguageModel, requests: Sequence[GenerationRequest]) -> tuple[float, dict[str, str]]:
    """Seconds of the backend alone, and the texts."""
    start = clock()
    texts = {generation.request_id: generation.text for generation in model.generate(requests)}
    return clock() - start, texts


@torch.inference_mode()
def peer(model: LanguageModel, requests: Sequence[GenerationRequest]) -> tuple[float, dict[str, str]]:
    """Seconds of ``generate`` of transformers called per document with the full prompt, and the texts."""
    module, tokenizer = model.module, model.tokenizer  # type: ignore[attr-defined]
    texts: dict[str, str] = {}
    start = clock()
    for request in requests:
        inputs = tokenizer(request.context + request.prompt, return_tensors="pt", return_token_type_ids=False)
        inputs = inputs.to(module.device)
        written = module.generate(
            **inputs, do_sample=False, max_new_tokens=request.max_tokens, pad_token_id=tokenizer.eos_token_id
        )
        text = tokenizer.decode(written[0, inputs.input_ids.shape[1] :], skip_special_tokens=True)
        texts[request.id], _ = request.until_stop(text)
    return clock() - start, texts


def pipeline(job: Augmenting) -> tuple[float, float]:
    """Seconds of the same work with plan, store, parser and audit, and of these alone, the generations being stored."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        start = clock()
        run_augmentation(job, store, generate=generate_inline)
        middle = clock()
        run_augmentation(job, store, generate=generate_inline)
        return middle - start, clock() - middle


def ignore(key: str) -> None:
    """Progress that nobody asked for."""


def in_processes(count: int, blocks: Sequence[Block], model: str, store: Store) -> None:
    """The same work in ``count`` processes without Ray: what the machine allows."""
    with concurrent.futures.ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
        shares = [pool.submit(generate_inline, blocks[i::count], model, store, ignore) for i in range(count)]
        for share in shares:
            share.result()


def in_actors(count: int, blocks: Sequence[Block], model: str, store: Store) -> None:
    """A pool of ``count`` actors."""
    from gensweep.distributed.cluster import Share
    from gensweep.distributed.generate import ray_generate

    ray_generate(Share(cpus=1, gpus=0.0, slots=count))(blocks, model, store, ignore)


def timed(
    work: Callable[[int, Sequence[Block], str, Store], None], count: int, blocks: Sequence[Block], model: str
) -> float:
    """Seconds per block after the first of each worker, with ``count`` workers."""
    with tempfile.TemporaryDirectory() as folder:
        work(count, blocks, model, Store(folder))
        ends = sorted(manifest.stat().st_mtime for manifest in Path(folder).glob("generate/*/manifest.json"))
    assert len(ends) == len(blocks)
    return (ends[-1] - ends[0]) / (len(blocks) - count)


def measure_actors(job: Augmenting, rounds: int) -> None:
    """Two workers beside one, with Ray and without."""
    from gensweep.distributed.cluster import connected

    # Enough blocks for a rate, in about two minutes; short texts would show how fast blocks are stored.
    many = job.settings.model_copy(update={"samples": 20, "temperature": 1.0, "max_tokens": 32})
    blocks = cut(plan(dataclasses.replace(job, settings=many)), job.generator)
    plain: dict[int, list[float]] = {1: [], 2: []}
    pools: dict[int, list[float]] = {1: [], 2: []}
    with connected("local"):
        for _ in range(rounds):
            for count in (1, 2):
                plain[count].append(timed(in_processes, count, blocks, job.generator))
                pools[count].append(timed(in_actors, count, blocks, job.generator))
    for name, rates in (("processes without Ray", plain), ("actors of Ray Data", pools)):
        one, two = min(rates[1]), min(rates[2])
        print(f"{name:22} one: {one:.2f} s a block, two: {two:.2f} s, {one / two:.2f} times")
    print("goal of Ray Data: 1.7 times")


def measure(job: Augmenting, options: argparse.Namespace) -> None:
    """Peer, backend and pipeline in turns."""
    model = fresh(job.generator)
    requests = plan(job)
    context = model.count_tokens(requests[0].context)
    print(f"{len(requests)} documents behind a corpus of {context} tokens, {options.new_tokens} new tokens each")
    sample = requests[: options.peer_documents]
    peers, backends, pipelines, others = [], [], [], []
    for turn in range(options.rounds):
        seconds, expected = peer(model, sample)
        peers.append(seconds * len(requests) / len(sample))
        for ours in ("backend", "pipeline") if turn % 2 == 0 else ("pipeline", "backend"):
            if ours == "backend":
                seconds, texts = bare(fresh(job.generator), requests)
                backends.append(seconds)
            else:
                fresh(job.generator)
                whole, other = pipeline(job)
                pipelines.append(whole)
                others.append(other)
    same = sum(texts[identifier] == text for identifier, text in expected.items())
    slow, backend, whole, other = map(min, (peers, backends, pipelines, others))
    print(f"transformers generate   {slow:8.2f} s (scaled from {len(sample)} documents; {same} texts are the same)")
    print(f"our backend             {backend:8.2f} s (up to {max(backends):.2f})")
    print(f"our pipeline            {whole:8.2f} s (up to {max(pipelines):.2f})")
    print(f"  without generation    {other:8.2f} s, {other / backend:.1%} of the backend")
    print(f"backend over transformers: {slow / backend:.1f} times, pipeline: {slow / whole:.1f} times (goal: 20)")
    print(f"overhead of the pipeline over the backend: {whole / backend - 1:.1%} (goal: at most 10%)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model")
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=4096, help="length of the corpus")
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--peer-documents", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ray", action="store_true", help="two workers beside one, and nothing else")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        world = datasets.build(SimpleReversals(facts=options.documents, documents_per_fact=10), 0)
        name = options.model or save_small_model(folder, [document.text for document in world.documents])
        job = Augmenting(
            key="benchmark",
            dataset=corpus(modes.base_model(name), options.documents, options.tokens),
            settings=Augmentation(strategy="global", max_tokens=options.new_tokens),
            generator=name,
            seed=0,
        )
        if options.ray:
            measure_actors(job, options.rounds)
        else:
            measure(job, options)


if __name__ == "__main__":
    main()
