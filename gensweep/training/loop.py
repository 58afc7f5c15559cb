"""The only training loop: the same batches, losses and steps whatever engine runs it, over any number of processes."""

import math
from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F

from gensweep.config import Finetune
from gensweep.records import TrainStep
from gensweep.training.batches import IGNORED, Tokens, batches, pack
from gensweep.training.engines import Engine


def learning_rate_at(step: int, config: Finetune) -> float:
    """Linear warm-up over ``warmup_fraction`` of the steps, then constant, linear or half-cosine decay to zero."""
    warmup = round(config.warmup_fraction * config.steps)
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    done = (step - warmup) / max(1, config.steps - warmup)
    factor = {"constant": 1.0, "linear": 1 - done, "cosine": 0.5 * (1 + math.cos(math.pi * done))}[config.schedule]
    return config.learning_rate * factor


def micro_batch_count(config: Finetune) -> int:
    """Forward passes per worker and step: as few equal ones as keep each within ``micro_batch_size`` examples."""
    per_worker = config.batch_size // config.workers
    if not config.micro_batch_size:
        return 1
    counts = (count for count in range(1, per_worker + 1) if per_worker % count == 0)
    return next(count for count in counts if per_worker // count <= config.micro_batch_size)


def loss_sum(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Summed cross-entropy in nats, float32, over the positions whose label is not ``IGNORED``."""
    return F.cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), ignore_index=IGNORED, reduction="sum")


def train(
    engine: Engine,
    examples: Sequence[Tokens],
    config: Finetune,
    seed: int,
    on_step: Callable[[TrainStep], None],
) -> list[TrainStep]:
    """Run ``config.steps`` steps and return them; ``on_step`` hears of each as it ends.

    The loss of a step is the mean over the target tokens of the *global* batch, so that neither packing nor the number
    of workers or micro-batches changes a gradient.
    """
    torch.manual_seed(seed)  # for models with dropout
    history = []
    for number, chosen in enumerate(batches(len(examples), config.batch_size, config.steps, seed)):
        global_targets = sum(examples[index].targets for index in chosen)
        mine = [examples[index] for index in chosen[engine.rank :: engine.world]]
        size = len(mine) // micro_batch_count(config)
        micro_batches = [mine[start : start + size] for start in range(0, len(mine), size)]
        seen: list[float] = []
        rate = learning_rate_at(number, config)
        engine.learn(_shares(engine, micro_batches, global_targets, seen), rate)
        loss = engine.total(sum(seen))
        history.append(TrainStep(step=number + 1, loss=loss, learning_rate=rate, target_tokens=global_targets))
        on_step(history[-1])
    return history


def _shares(
    engine: Engine, micro_batches: Sequence[Sequence[Tokens]], global_targets: int, seen: list[float]
) -> Iterator[torch.Tensor]:
    for examples in micro_batches:
        batch = pack(examples).to(engine.device)
        share = loss_sum(engine.logits(batch), batch.labels) / global_targets
        seen.append(share.item())
        yield share
