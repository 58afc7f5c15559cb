"""Pretrains ``builtin:tiny``: ``python -m gensweep.models.tiny.train experiments/builtin_model.yaml --work DIR``.

Every quantity is drawn from the seed. A checkpoint in the work folder holds all that a killed run needs to go on.
"""

import argparse
import dataclasses
import itertools
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import torch
import yaml
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from gensweep.datasets.features import FEATURES
from gensweep.models.tiny import circuits, embeddings, growth, probes, tokenizer
from gensweep.models.tiny.curriculum import Level, all_words, known_words, texts, unseen_words
from gensweep.models.tiny.layouts import LAYOUTS
from gensweep.models.tiny.muon import Muon
from gensweep.models.tiny.texts import Batch, Encoded, Encoder, micro_batches
from gensweep.specs import Spec


class Recipe(Spec):
    """The settings of ``experiments/builtin_model.yaml``."""

    seed: int = 0
    model: dict[str, Any]
    tokens_per_step: int
    tokens_per_pass: int
    longest_text: int
    adam_learning_rate: float
    muon_learning_rate: float
    warmup_steps: int
    probe_every: int
    levels: tuple[Level, ...]
    bridge_layer: int = 0
    compile: bool = False

    @property
    def steps(self) -> int:
        """Of all levels together."""
        return sum(level.steps for level in self.levels)

    @property
    def ends(self) -> tuple[int, ...]:
        """Of each level, the number of steps up to its end."""
        return tuple(itertools.accumulate(level.steps for level in self.levels))

    @property
    def decays(self) -> list[tuple[int, int]]:
        """For each run of levels that anneal: where the learning rate reaches nothing, and how many steps it falls."""
        decays: list[tuple[int, int]] = []
        for level, following, end in zip(self.levels, (*self.levels[1:], None), self.ends, strict=True):
            if level.anneal and not (following and following.anneal):
                decays.append((end, level.anneal))
        return decays

    def level_at(self, step: int) -> tuple[Level, int]:
        """The level that a step belongs to, and the step that ends it."""
        return next((level, end) for level, end in zip(self.levels, self.ends, strict=True) if step < end)

    @property
    def expansions(self) -> dict[int, Sequence[int]]:
        """Before which steps layers are copied, and which."""
        return {
            end - level.steps: level.expand for level, end in zip(self.levels, self.ends, strict=True) if level.expand
        }


def new_model(recipe: Recipe, vocabulary: Any) -> LlamaForCausalLM:
    """A random model. The spellings of a made-up word begin with the same embedding."""
    torch.manual_seed(recipe.seed)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        bos_token_id=vocabulary.bos_token_id,
        eos_token_id=vocabulary.eos_token_id,
        pad_token_id=vocabulary.pad_token_id,
        tie_word_embeddings=True,
        **recipe.model,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        weight = model.get_input_embeddings().weight.normal_(0, embeddings.DEVIATION)
        model.model.norm.weight.fill_(0.1)  # embeddings of deviation 1 are the output's weights too
        words = len(all_words())
        vectors = embeddings.random_words(words, config.hidden_size, recipe.seed)
        embeddings.by_word(weight, words).copy_(vectors)
        for feature in FEATURES:
            ends = (feature.comparative.split()[-1], feature.opposite.split()[-1])
            one, other = vocabulary.convert_tokens_to_ids([f"\u0120{word}" for word in ends])
            weight[other] = weight[one] + 0.5 * weight[other] if one != other else weight[one]
    circuits.favour(model)
    return model


def model_at(recipe: Recipe, vocabulary: Any, step: int) -> LlamaForCausalLM:
    """A model of the size that a checkpoint after ``step`` steps has."""
    model = new_model(recipe, vocabulary)
    for start, layers in recipe.expansions.items():
        if start < step:
            model = growth.expanded(model, layers)
    return model


def fixed_vectors(width: int, seed: int) -> torch.Tensor:
    """The ``random_words`` that stay as they are: those of the larger known world."""
    return embeddings.random_words(len(all_words()), width, seed)[: len(known_words("large"))]


def optimisers(model: LlamaForCausalLM, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the layers, Adam for embeddings and norms."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    return [
        Muon(matrices, lr=recipe.muon_learning_rate),
        torch.optim.AdamW(others, lr=recipe.adam_learning_rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def factor(step: int, recipe: Recipe) -> float:
    """Learning rate over its peak: linear warm-up, constant, linear decay to a hundredth where levels anneal."""
    begun = max((end for end, _ in recipe.decays if end <= step), default=0)
    left = min(((end - step) / length for end, length in recipe.decays if end > step), default=1.0)
    return min(1.0, (step - begun + 1) / recipe.warmup_steps, max(0.01, left))


def step_texts(recipe: Recipe, step: int, encoder: Encoder) -> Iterator[Encoded]:
    """The texts of one step: drawn from its own seed, so that a resumed run meets the same ones."""
    rng = random.Random(recipe.seed * 1_000_003 + step)
    level, _ = recipe.level_at(step)
    total = 0
    for segments in texts(level, rng):
        apart = rng if rng.random() < level.spread else None
        text = encoder.encode(segments, apart, rng.randint(1, recipe.model["max_position_embeddings"]))
        if len(text.ids) > recipe.longest_text:
            continue
        total += len(text.ids)
        yield text
        if total >= recipe.tokens_per_step:
            return


Bridges = tuple[int, float]
"""After how many layers the word in between has to be known, and the weight of that in the loss."""
NO_BRIDGES: Bridges = (0, 0.0)


def loss_of(model: LlamaForCausalLM, batch: Batch, bridges: Bridges = NO_BRIDGES) -> torch.Tensor:
    """Summed weighted cross-entropy; logits are computed for the tokens that count."""
    layer, weight = bridges
    bridged = weight > 0 and len(batch.bridges) > 0
    output = model.model(
        input_ids=batch.ids, position_ids=batch.positions, use_cache=False, output_hidden_states=bridged
    )
    chosen = batch.weights > 0
    logits = model.lm_head(output.last_hidden_state[:, :-1][chosen])
    losses = functional.cross_entropy(logits, batch.targets[chosen], reduction="none")
    loss = (losses * batch.weights[chosen]).sum()
    if bridged:
        rows, places, words = batch.bridges.T
        between = model.lm_head(model.model.norm(output.hidden_states[layer][rows, places]))
        loss = loss + weight * functional.cross_entropy(between, words, reduction="sum")
    return loss


def train_step(
    model: LlamaForCausalLM,
    batches: list[Batch],
    optimizers: list[torch.optim.Optimizer],
    bridges: Bridges = NO_BRIDGES,
) -> float:
    """One step on all batches; the weighted mean loss."""
    total = sum(float(batch.weights.sum()) for batch in batches)
    loss = 0.0
    for batch in batches:
        part = loss_of(model, batch, bridges) / total
        part.backward()
        loss += float(part.detach())
    embeddings.share_gradient(model.get_input_embeddings(), len(all_words()))
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad()
    return loss


_PROBES = (
    ("pairs_8", "pairs", 8),
    ("reversal_1", "comparisons", 1),
    ("reversal_3", "comparisons", 3),
    ("reversal_8", "comparisons", 8),
    ("people_1", "people", 1),
    ("people_8", "people", 8),
    ("syllogisms_3", "syllogisms", 3),
    ("hierarchies_6", "hierarchies", 6),
    ("ontologies_8", "ontologies", 8),
    ("families_8", "families", 8),
    ("families_32", "families", 32),
    ("lineages_8", "lineages", 8),
    ("lineages_32", "lineages", 32),
)
_PROBE_TEXTS = 40


def probe(model: LlamaForCausalLM, encoder: Encoder) -> dict[str, float]:
    """Accuracies on unseen words."""
    model.eval()
    words = unseen_words()
    result = {}
    for name, world, size in _PROBES:
        asked = probes.questions(world, words, _PROBE_TEXTS, size)
        result[name] = probes.exact(model, encoder, asked)
    for world in ("comparisons", "people"):
        asked = probes.tasks("local", world, words, _PROBE_TEXTS, 1)
        result[f"local_{world}"] = probes.exact(model, encoder, asked)
    model.train()
    return result


@dataclasses.dataclass(kw_only=True, slots=True)
class Run:
    """A training run between two steps: all that a checkpoint has to hold."""

    model: LlamaForCausalLM
    optimizers: list[torch.optim.Optimizer]
    step: int = 0
    tokens: int = 0
    seconds: float = 0.0

    def save(self, path: Path) -> None:
        """All or nothing: a kill while writing leaves the checkpoint before."""
        state = {"model": self.model.state_dict(), "optimizers": [o.state_dict() for o in self.optimizers]}
        state |= {field: getattr(self, field) for field in _COUNTERS}
        torch.save(state, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)

    @classmethod
    def at(cls, path: Path, recipe: Recipe, vocabulary: Any) -> Self:
        """The run that ``save`` wrote, or a new one."""
        state = torch.load(path, weights_only=True) if path.exists() else None
        model = model_at(recipe, vocabulary, state["step"] if state else 0)
        run = cls(model=model, optimizers=optimisers(model, recipe))
        if state:
            model.load_state_dict(state["model"])
            for optimizer, saved in zip(run.optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(saved)
            for field in _COUNTERS:
                setattr(run, field, state[field])
        if recipe.compile:
            model.model.compile(dynamic=True)
        return run

    def expand(self, layers: Sequence[int], recipe: Recipe) -> None:
        """Go on with copies of ``layers``; the optimisers begin anew."""
        self.model = growth.expanded(self.model, layers)
        self.optimizers = optimisers(self.model, recipe)
        if recipe.compile:
            self.model.model.compile(dynamic=True)


_COUNTERS = ("step", "tokens", "seconds")


def train(recipe: Recipe, work: Path, last: int | None = None) -> LlamaForCausalLM:
    """The model after ``last`` steps (all by default), begun anew or going on from ``work/state.pt``.

    Probes are appended to ``work/log.jsonl``.
    """
    vocabulary = tokenizer.build(all_words())
    encoders = {True: Encoder(vocabulary), False: Encoder(tokenizer.build(all_words(), plurals=False))}
    work.mkdir(parents=True, exist_ok=True)
    run = Run.at(work / "state.pt", recipe, vocabulary)
    begun, losses = time.monotonic() - run.seconds, list[float]()
    fixed = fixed_vectors(run.model.config.hidden_size, recipe.seed)
    while run.step < (recipe.steps if last is None else last):
        if layers := recipe.expansions.get(run.step):
            run.expand(layers, recipe)
        set_rates(run.optimizers, run.step, recipe)
        level, _ = recipe.level_at(run.step)
        encoder = encoders[level.plurals]
        if level.fresh_words:
            embeddings.redraw(run.model.get_input_embeddings(), len(all_words()), fixed, run.step)
        encoded = list(step_texts(recipe, run.step, encoder))
        batches = list(micro_batches(encoded, recipe.tokens_per_pass))
        losses.append(train_step(run.model, batches, run.optimizers, (recipe.bridge_layer, level.bridges)))
        run.step += 1
        run.tokens += sum(len(text.ids) for text in encoded)
        if run.step % recipe.probe_every and run.step < recipe.steps:
            continue
        run.seconds = time.monotonic() - begun
        accuracies = probe(run.model, encoder)
        counters = {field: getattr(run, field) for field in _COUNTERS}
        with (work / "log.jsonl").open("a") as log:
            log.write(json.dumps({**counters, "loss": sum(losses) / len(losses), **accuracies}) + "\n")
        losses.clear()
        run.save(work / "state.pt")
    return run.model


def set_rates(optimizers: list[torch.optim.Optimizer], step: int, recipe: Recipe) -> None:
    """The learning rates of a step."""
    peaks = (recipe.muon_learning_rate, recipe.adam_learning_rate)
    for optimizer, peak in zip(optimizers, peaks, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = peak * factor(step, recipe)


def load_recipe(path: Path) -> Recipe:
    """The settings in a YAML file."""
    return Recipe.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def ablated(recipe: Recipe, levels: int | None, without: Sequence[str]) -> Recipe:
    """The first ``levels`` levels (all by default), whose texts have none of the layouts ``without``."""
    kept = [
        dataclasses.replace(level, layouts={name: w for name, w in level.layouts.items() if name not in without})
        for level in recipe.levels[:levels]
    ]
    return recipe.model_copy(update={"levels": tuple(kept)})


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints and the log")
    parser.add_argument("--levels", type=int, help="an ablation: train these first levels only")
    parser.add_argument("--without", nargs="+", default=(), choices=LAYOUTS, help="an ablation: layouts to leave out")
    arguments = parser.parse_args()
    train(ablated(load_recipe(arguments.recipe), arguments.levels, arguments.without), arguments.work)


if __name__ == "__main__":
    main()
