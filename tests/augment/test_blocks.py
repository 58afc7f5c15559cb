"""Generations reach the store block by block: nothing finished is lost or asked for again, nothing comes early."""

import dataclasses
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gensweep import datasets
from gensweep.augmenting import (
    BLOCK,
    Augmenting,
    Block,
    cut,
    generate_blocks,
    generate_inline,
    plan,
    run_augmentation,
    run_augmentations,
    store_complete,
    stored_block,
)
from gensweep.models import hub
from gensweep.models.fake import FakeModel
from gensweep.progress import Event
from gensweep.records import Generation, from_table
from gensweep.specs import Augmentation, SimpleReversals
from gensweep.store import Store
from tests.augment.test_parsing import request
from tests.augment.worlds import generation


def job(generator: str = "builtin:fake", **choices: object) -> Augmenting:
    dataset = datasets.build(SimpleReversals(facts=40, documents_per_fact=2), 0)
    chosen = Augmentation.model_validate({"strategy": "local", "max_tokens": 4, **choices})
    return Augmenting(key="job", dataset=dataset, settings=chosen, generator=generator, seed=0)


def on_seed(seed: int, facts: int = 40) -> Augmenting:
    """The same on a dataset of its own."""
    return dataclasses.replace(job(), key=f"job {seed}", dataset=datasets.build(SimpleReversals(facts=facts), seed))


@settings(deadline=None, max_examples=30)
@given(st.permutations(range(7)), st.integers(0, 7))
def test_a_block_is_stored_with_its_last_generation_and_no_sooner(order: list[int], killed_after: int) -> None:
    asked = [request(f"local/{number}") for number in range(7)]
    blocks = [Block(key="a", requests=tuple(asked[:3])), Block(key="b", requests=tuple(asked[3:]))]
    came = order[:killed_after]
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        yielded = [block.key for block in store_complete(blocks, (generation(asked[n], str(n)) for n in came), store)]
        complete = {key for key, numbers in (("a", range(3)), ("b", range(3, 7))) if set(numbers) <= set(came)}
        assert set(yielded) == complete == {key for key in "ab" if store.get("generate", key)}
        for block in blocks:
            if block.key in complete:
                assert [item.text for item in stored_block(block, store)] == [r.id[-1] for r in block.requests]


def test_blocks_together_write_what_each_writes_alone(tmp_path: Path) -> None:
    asked = job("builtin:random", samples=2, temperature=1.0)
    blocks = cut(plan(asked), asked.generator)
    assert len(blocks) > 1 and any(len(block.requests) < BLOCK for block in blocks)
    together, apart = Store(str(tmp_path / "together")), Store(str(tmp_path / "apart"))
    model = hub.load(asked.generator)
    passes: list[int] = []
    model.module.register_forward_hook(lambda *_: passes.append(1))  # type: ignore[attr-defined]
    assert {block.key for block in generate_blocks(blocks, model, together)} == {block.key for block in blocks}
    passes_together = len(passes)
    for block in blocks:
        list(generate_blocks([block], model, apart))
        assert stored_block(block, together) == stored_block(block, apart)
    assert 0 < passes_together < len(passes) - passes_together  # rows of one block make room for the next one's


def test_a_re_run_asks_only_for_what_failed(tmp_path: Path) -> None:
    asked: list[list[str]] = []

    class Flaky(FakeModel):
        """Fails on the sixth request of the first call, as an endpoint may."""

        def generate(self, requests):  # type: ignore[no-untyped-def]
            asked.append([item.id for item in requests])
            for number, item in enumerate(super().generate(requests)):
                broken = number == 5 and len(asked) == 1
                yield dataclasses.replace(item, text="", finish="error", error="busy") if broken else item

    model = Flaky()

    def generate(blocks: Sequence[Block], name: str, store: Store, on_done: Callable[[str], None]) -> None:
        for block in generate_blocks(blocks, model, store):
            on_done(block.key)

    store, work = Store(str(tmp_path)), job()
    entry = run_augmentation(work, store, generate=generate)
    assert [item.error for item in from_table(entry.table("generations"), Generation) if item.error] == ["busy"]
    entry = run_augmentation(work, store, generate=generate)
    assert len(asked[0]) == len(plan(work)) and asked[1] == [asked[0][5]]
    assert not any(item.error for item in from_table(entry.table("generations"), Generation))
    run_augmentation(work, store, generate=generate)
    assert asked[2:] == [[]]


def test_jobs_of_one_generator_go_through_it_together(tmp_path: Path) -> None:
    """And write what each writes alone; their times add up to the whole."""
    calls: list[tuple[str, int]] = []

    def generate(blocks: Sequence[Block], name: str, store: Store, on_done: Callable[[str], None]) -> None:
        calls.append((name, len(blocks)))
        generate_inline(blocks, name, store, on_done)

    jobs = [on_seed(seed) for seed in range(3)]
    jobs += [dataclasses.replace(on_seed(3, facts=4), key="other", generator="builtin:random")]
    jobs += [dataclasses.replace(on_seed(4), key="judged", settings=job(filter="judge").settings)]
    together, told = Store(str(tmp_path / "together")), list[Event]()
    started = time.perf_counter()
    assert run_augmentations(jobs, together, generate=generate, notify=told.append) == {}
    elapsed = time.perf_counter() - started
    entries = {item.key: together.get("augment", item.key) for item in jobs}
    # All of the fake model's first, then the verdicts that one of them asks for, then the other generator's.
    assert [name for name, _ in calls] == ["builtin:fake", "builtin:fake", "builtin:random"]
    for item in jobs:
        alone = run_augmentation(item, Store(str(tmp_path / item.key)), generate=generate_inline)
        entry = entries[item.key]
        assert entry is not None and entry.table("documents").equals(alone.table("documents"))
        assert [event.stage for event in told if event.condition == item.key][-1] == "done"
    assert 0 < sum(entry.meta["seconds_augment"] for entry in entries.values() if entry) < elapsed


def test_a_job_that_fails_leaves_the_others_alone(tmp_path: Path) -> None:
    failing, *_ = jobs = [on_seed(seed) for seed in range(3)]
    wrong = {item.id for item in plan(failing)}

    class Endpoint(FakeModel):
        def generate(self, requests):  # type: ignore[no-untyped-def]
            for item in super().generate(requests):
                broken = item.request_id in wrong
                yield dataclasses.replace(item, text="", finish="error", error="no key") if broken else item

    def generate(blocks: Sequence[Block], name: str, store: Store, on_done: Callable[[str], None]) -> None:
        for block in generate_blocks(blocks, Endpoint(), store):
            on_done(block.key)

    store = Store(str(tmp_path))
    failed = run_augmentations(jobs, store, generate=generate)
    assert list(failed) == [failing.key] and "no key" in str(failed[failing.key])
    assert [bool(store.get("augment", item.key)) for item in jobs] == [False, True, True]


def test_the_entry_holds_the_audit_once_with_the_price(tmp_path: Path) -> None:
    entry = run_augmentation(job(), Store(str(tmp_path)), generate=generate_inline)
    audited = entry.table("audit")
    assert audited.num_rows == entry.table("documents").num_rows == entry.meta["audit"]["statements"] > 0
    assert set(entry.table("coverage").column("kind").to_pylist()) >= {"depth 1", "reversal"}
    assert entry.meta["dollars"] == 0.0


def test_dollars_follow_the_prices_in_the_name() -> None:
    priced = "openai:m@http://127.0.0.1:1/v1?input_price=2&output_price=10"
    written = [generation(request("local/1"), "x", new_tokens=50_000)]
    expected = (written[0].prompt_tokens * 2 + 50_000 * 10) / 1e6
    assert hub.cost(priced, written) == pytest.approx(expected)
    assert hub.cost("builtin:fake", written) == 0.0
