"""Two processes that trained a model together answer its questions together, with the numbers of one process."""

import os
import pickle
import socket
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from gensweep.config import Finetune
from gensweep.distributed.train import joined
from gensweep.errors import UserError
from gensweep.models.hf import HFModel
from gensweep.models.pretrained import byte_tokenizer
from gensweep.modes import Answers, Learned
from gensweep.records import Example, Question
from gensweep.training.batches import tokenise
from gensweep.training.engines import DeepSpeedEngine
from gensweep.training.loop import train

pytestmark = pytest.mark.slow
STAGES = (2, 3)
EXAMPLES = [Example(text=f"Person {index} came from Graz.") for index in range(6)]


def questions() -> list[Question]:
    """Seven questions of many lengths, of which two are answered by writing."""
    made = []
    for index in range(7):
        prompt = "In the year of the long rain, " * index + f"person {index} came from"
        stop = ("\n", ".") if index in (2, 5) else ()
        choices = (" Graz.",) if stop else (" Graz.", " Linz, on the river.", " Bern.")
        made.append(
            Question(id=f"q{index}", prompt=prompt, choices=choices, answer_index=0, split="s", group="g", stop=stop)
        )
    return made


def model() -> LlamaForCausalLM:
    """So wide that ZeRO 3 shards its matrices; it leaves weights of less than 100 000 numbers in every process."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 400, "intermediate_size": 400, "num_hidden_layers": 2, "num_attention_heads": 4}
    return LlamaForCausalLM(LlamaConfig(vocab_size=len(byte_tokenizer()), max_position_embeddings=1024, **sizes))


def worker(rank: int, folder: str, port: int) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank)}
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", rank=rank, world_size=2)
    tokenizer = byte_tokenizer()
    for stage in STAGES:
        config = Finetune(steps=2, batch_size=4, learning_rate=1e-3, workers=2, zero_stage=stage)
        engine = DeepSpeedEngine(model(), config, 1)
        train(engine, tokenise(EXAMPLES, tokenizer, 1024), config, 0, lambda step: None)
        engine.save(Path(folder) / str(stage))
        with engine.inference() as trained:
            if stage == 3:
                assert trained.lm_head.weight.numel() == 0, "this process holds only its shard"
            scorer = HFModel("trained", trained, tokenizer)
            if rank == 0:
                scorer._budget.tokens = 32  # so that the processes need different numbers of passes
            answers = Learned(model=scorer).answer(questions()[rank::2], lambda done: None)
        (Path(folder) / f"{stage}-{rank}.pickle").write_bytes(pickle.dumps(answers))
    with pytest.raises(UserError, match="raise finetune"), engine.inference() as trained:
        run_out_of_memory(trained)
        Learned(model=HFModel("trained", trained, tokenizer)).answer(questions(), lambda done: None)
    torch.distributed.destroy_process_group()


def run_out_of_memory(module: Any) -> None:
    """The first pass breaks off in its second layer."""

    def full(*_: object) -> None:
        hook.remove()
        raise torch.OutOfMemoryError("allocate")

    hook = module.model.layers[1].register_forward_pre_hook(full)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("inference")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(worker, args=(str(made), port), nprocs=2)
    return made


@pytest.mark.parametrize("stage", STAGES)
def test_two_processes_answer_like_one(folder: Path, stage: int) -> None:
    saved = AutoModelForCausalLM.from_pretrained(folder / str(stage), dtype=torch.float32).eval()
    one = Learned(model=HFModel("trained", saved, byte_tokenizer())).answer(questions(), lambda done: None)
    shares: list[Answers] = [pickle.loads((folder / f"{stage}-{rank}.pickle").read_bytes()) for rank in range(2)]
    two = joined(shares)
    assert [score.question_id for score in two.scores] == [f"q{index}" for index in range(7)]
    assert two.seconds == max(share.seconds for share in shares)
    for ours, theirs in zip(two.scores, one.scores, strict=True):
        assert ours.written == theirs.written
        assert ours.choice_logprobs == pytest.approx(theirs.choice_logprobs, abs=1e-5)
        assert ours.choice_unconditional_logprobs == pytest.approx(theirs.choice_unconditional_logprobs, abs=1e-5)
