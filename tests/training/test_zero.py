"""DeepSpeed over two gloo processes gives the numbers of one plain process, at every ZeRO stage."""

import json
import os
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from gensweep.config import Finetune
from gensweep.models import tiny
from gensweep.training.batches import Tokens
from gensweep.training.engines import DeepSpeedEngine, TorchEngine, load_sharded
from gensweep.training.loop import micro_batch_count, train

STEPS = 5
STAGES = (0, 1, 2, 3)
BUILTIN = "builtin:tiny"


def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, vocab_size=50)
    )


def builtin() -> LlamaForCausalLM:
    return AutoModelForCausalLM.from_pretrained(Path(tiny.__file__).parent / "weights", dtype=torch.float32)


MODELS = {**dict.fromkeys(map(str, STAGES), model), BUILTIN: builtin}
"""How each trained folder's model begins; the built-in one is trained with stage 3."""


def examples() -> list[Tokens]:
    generator = torch.Generator().manual_seed(1)
    sizes = torch.randint(3, 40, (11,), generator=generator).tolist()
    made = [torch.randint(0, 50, (size,), generator=generator).tolist() for size in sizes]
    return [Tokens(ids=tuple(ids), is_target=(True,) * len(ids)) for ids in made]


def config(stage: int, workers: int = 2) -> Finetune:
    return Finetune(
        steps=STEPS,
        batch_size=8,
        micro_batch_size=2,
        learning_rate=1e-2,
        weight_decay=0.1,
        workers=workers,
        zero_stage=stage,
    )


def worker(rank: int, folder: str) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29613", "RANK": str(rank), "WORLD_SIZE": "2"}
    os.environ["LOCAL_RANK"] = str(rank)
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", rank=rank, world_size=2)
    for name, load in MODELS.items():
        settings = config(3 if name == BUILTIN else int(name))
        micro_batches = micro_batch_count(settings)
        engine = DeepSpeedEngine(load_sharded(load, settings, micro_batches), settings, micro_batches)
        steps = train(engine, examples(), settings, 0, lambda step: None)
        engine.save(Path(folder) / name)
        if rank == 0:
            (Path(folder) / f"{name}.json").write_text(json.dumps([step.loss for step in steps]))
    torch.distributed.destroy_process_group()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zero")
    torch.multiprocessing.spawn(worker, args=(str(folder),), nprocs=2)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_two_workers_train_like_one(trained: Path, name: str) -> None:
    engine = TorchEngine(MODELS[name](), config(0, workers=1))
    losses = [step.loss for step in train(engine, examples(), config(0, workers=1), 0, lambda step: None)]
    assert json.loads((trained / f"{name}.json").read_text()) == pytest.approx(losses, rel=1e-4)
    saved = AutoModelForCausalLM.from_pretrained(trained / name).state_dict()
    for key, weights in engine.module.state_dict().items():
        torch.testing.assert_close(saved[key], weights, atol=2e-4, rtol=1e-3, msg=key)
