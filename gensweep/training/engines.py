"""What the loop needs of a training backend, twice: plain torch in one process, DeepSpeed ZeRO over several."""

import contextlib
import dataclasses
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from gensweep.config import Finetune
from gensweep.errors import UserError
from gensweep.training.batches import Batch

BETAS, EPSILON, CLIP = (0.9, 0.999), 1e-8, 1.0


class Engine(Protocol):
    """A model under training. ``rank`` of ``world`` processes, each with its share of the global batch."""

    rank: int
    world: int
    device: torch.device

    def logits(self, batch: Batch) -> torch.Tensor:
        """``(rows, predictions, vocabulary)`` for the columns of a packed batch that predict a target."""
        ...

    def learn(self, losses: Iterator[torch.Tensor], learning_rate: float) -> None:
        """One optimiser step on the sum of ``losses``: this process's shares of the global loss, one per micro-batch.

        The iterator runs the forward pass of a micro-batch when it is asked for the next share.
        """
        ...

    def total(self, value: float) -> float:
        """The sum of ``value`` over all processes."""
        ...

    def save(self, folder: Path) -> None:
        """Write the weights, consolidated, as safetensors with the model's configuration (all processes call this)."""
        ...


def resolve_precision(precision: str, device: torch.device) -> torch.dtype:
    """``auto`` is bfloat16 on CUDA and float32 elsewhere."""
    if precision == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def forward(module: Any, batch: Batch) -> torch.Tensor:
    """Logits of a packed batch where it predicts; the mask takes the place of the causal one."""
    return module(
        input_ids=batch.input_ids,
        position_ids=batch.positions,
        attention_mask=batch.mask,
        use_cache=False,
        logits_to_keep=batch.predicting,
    ).logits


def drop_attention(module: torch.nn.Module, probability: float | None) -> torch.nn.Module:
    """``module``, of whose attention weights training drops a share; with None, what the module itself says.

    Raises:
        UserError: no layer has such a setting.
    """
    if probability is None:
        return module
    layers = [layer for layer in module.modules() if hasattr(layer, "attention_dropout")]
    if not layers:
        raise UserError(
            f"finetune.attention_dropout does not work with {type(module).__name__}, whose layers have no such "
            "setting; leave it out"
        )
    for layer in layers:
        layer.attention_dropout = probability  # type: ignore[assignment]
    return module


class TorchEngine:
    """One process: AdamW on float32 weights, bfloat16 by autocast."""

    rank, world = 0, 1

    def __init__(self, module: torch.nn.Module, config: Finetune) -> None:
        self.module = drop_attention(module, config.attention_dropout).train()
        self.device = next(module.parameters()).device
        self._dtype = resolve_precision(config.precision, self.device)
        self._optimizer = torch.optim.AdamW(
            module.parameters(), betas=BETAS, eps=EPSILON, weight_decay=config.weight_decay, fused=True
        )

    def logits(self, batch: Batch) -> torch.Tensor:  # noqa: D102
        with torch.autocast(self.device.type, dtype=self._dtype, enabled=self._dtype != torch.float32):
            return forward(self.module, batch)

    def learn(self, losses: Iterator[torch.Tensor], learning_rate: float) -> None:  # noqa: D102
        for loss in losses:
            torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), CLIP)
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)

    def total(self, value: float) -> float:  # noqa: D102
        return value

    def save(self, folder: Path) -> None:  # noqa: D102
        save_weights(self.module, self.module.state_dict(), folder)


def save_weights(module: Any, weights: Mapping[str, torch.Tensor], folder: Path) -> None:
    """A folder that ``from_pretrained`` reads: configuration and safetensors."""
    module.save_pretrained(folder, state_dict=dict(weights), safe_serialization=True)


class DeepSpeedEngine:
    """One of several processes of a torch process group that exists already: ZeRO stage 0 to 3, on CPU or CUDA."""

    def __init__(self, module: torch.nn.Module, config: Finetune, micro_batches: int) -> None:
        deepspeed = import_deepspeed()
        self.rank, self.world = torch.distributed.get_rank(), torch.distributed.get_world_size()
        self._micro_batches = micro_batches
        cuda = torch.cuda.is_available()
        dtype = resolve_precision(config.precision, torch.device("cuda" if cuda else "cpu"))
        self._engine, *_ = deepspeed.initialize(
            model=drop_attention(module, config.attention_dropout),
            model_parameters=list(module.parameters()),
            config=deepspeed_config(config, micro_batches, dtype),
        )
        self._engine.train()
        self.device = self._engine.device
        self._dtype = dtype

    def logits(self, batch: Batch) -> torch.Tensor:  # noqa: D102
        return forward(self._engine, dataclasses.replace(batch, mask=batch.mask.to(self._dtype)))

    def learn(self, losses: Iterator[torch.Tensor], learning_rate: float) -> None:  # noqa: D102
        for group in self._engine.optimizer.param_groups:
            group["lr"] = learning_rate
        for loss in losses:
            # DeepSpeed averages over processes and micro-batches; the shares are to be summed.
            self._engine.backward(loss * (self.world * self._micro_batches))
            self._engine.step()  # moves the weights at the last micro-batch only

    def total(self, value: float) -> float:  # noqa: D102
        tensor = torch.tensor(value, device=self.device, dtype=torch.float64)
        torch.distributed.all_reduce(tensor)
        return float(tensor)

    @contextlib.contextmanager
    def inference(self) -> Iterator[Any]:
        """The trained module, for passes forward of any number in each process; all processes enter and leave together.

        With ZeRO 3 each pass gathers the layers from all processes. So they begin a pass at the same time, and those
        that leave early run passes over a single token until the last one leaves.

        Raises:
            UserError: with ZeRO 3, a pass after one that broke off, for which the other processes wait.
        """
        module = self._engine.module.eval()
        if self._engine.zero_optimization_stage() < 3:
            yield module
            return
        broken = False

        def begin(*_: object) -> None:
            nonlocal broken
            if broken:  # memory ran out within the pass, and the scorer tries again with fewer tokens
                raise UserError(
                    "memory runs out while the workers answer the questions together: raise finetune.workers, or give "
                    "each worker more memory"
                )
            self.total(1.0)
            broken = True

        def end(*_: object) -> None:
            nonlocal broken
            broken = False

        hooks = [module.register_forward_pre_hook(begin, prepend=True), module.register_forward_hook(end)]
        try:
            yield module
        finally:
            for hook in hooks:
                hook.remove()
        one = torch.zeros((1, 1), dtype=torch.int64, device=self.device)
        with torch.inference_mode():
            while self.total(0.0):
                module(input_ids=one, use_cache=False)

    def save(self, folder: Path) -> None:  # noqa: D102
        if self._engine.zero_optimization_stage() == 3:
            weights = self._engine._zero3_consolidated_16bit_state_dict()  # a collective: every rank calls it
        else:
            weights = self._engine.module.state_dict()
        if self.rank == 0:
            save_weights(self._engine.module, weights, folder)
        torch.distributed.barrier()


def deepspeed_config(config: Finetune, micro_batches: int, dtype: torch.dtype) -> dict[str, Any]:
    """The DeepSpeed configuration of a fine-tuning: ``batch_size`` is spread over workers and micro-batches."""
    return {
        "train_micro_batch_size_per_gpu": config.batch_size // config.workers // micro_batches,
        "gradient_accumulation_steps": micro_batches,
        "gradient_clipping": CLIP,
        "zero_optimization": {"stage": config.zero_stage},
        "bf16": {"enabled": dtype == torch.bfloat16},
        "optimizer": {
            "type": "AdamW",
            "params": {
                "lr": config.learning_rate,
                "betas": list(BETAS),
                "eps": EPSILON,
                "weight_decay": config.weight_decay,
                "torch_adam": True,
            },
        },
        "zero_allow_untested_optimizer": True,
        "wall_clock_breakdown": False,
    }


def import_deepspeed() -> Any:
    """The deepspeed module, set up so that a machine without GPU compiles nothing and talks over plain gloo."""
    if not torch.cuda.is_available():
        os.environ["DS_ACCELERATOR"] = "cpu"  # read when deepspeed is imported
    import deepspeed

    if not torch.cuda.is_available():
        # Its shared-memory op would be compiled at start-up, and a killed compiler leaves a lock that hangs later runs.
        deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    return deepspeed


def load_sharded(load: Callable[[], torch.nn.Module], config: Finetune, micro_batches: int) -> torch.nn.Module:
    """``load()``, with ZeRO stage 3 so that no process ever holds all of the weights (``zero.Init``)."""
    if config.zero_stage != 3:
        return load()
    import_deepspeed()
    from transformers.integrations import HfDeepSpeedConfig

    dtype = resolve_precision(config.precision, torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    sharding = HfDeepSpeedConfig(deepspeed_config(config, micro_batches, dtype))  # in force while it is referenced
    module = load()
    del sharding
    return module
