"""Measures a checkpoint and saves it as a model: ``python -m gensweep.models.tiny.evaluate --work DIR --out FOLDER``.

All accuracies are on words of the benchmark lexicon, which no training text has.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaForCausalLM

from gensweep.datasets.lexicon import benchmark_words
from gensweep.models.tiny import embeddings, probes, tokenizer
from gensweep.models.tiny.curriculum import all_words
from gensweep.models.tiny.texts import Encoder
from gensweep.models.tiny.train import fixed_vectors, load_recipe, model_at

_CARD = Path(__file__).with_name("card.md")
_TEXTS = 60
Measure = tuple[str, str, float]
"""What is measured, its setting, and the accuracy."""


def measure(model: Any, encoder: Encoder, count: int = _TEXTS) -> list[Measure]:
    """Accuracies on benchmark words, each over ``count`` texts.

    *two-way*: the right answer is more likely than the one with the opposite comparative. *exact*: all tokens of the
    answer are the most likely ones.
    """
    words = benchmark_words()
    rows: list[Measure] = []
    for facts, documents in ((1, 1), (3, 1), (8, 1), (16, 1), (24, 1), (24, 4)):
        texts = probes.questions("comparisons", words, count, facts, documents)
        setting = f"{facts} facts in {facts * documents} documents"
        rows.append(("in-context reversal of comparisons, two-way", setting, probes.two_way(model, encoder, texts)))
        rows.append(("in-context reversal of comparisons, exact", setting, probes.exact(model, encoder, texts)))
    sizes = {"people": (1, 8, 24), "syllogisms": (1, 8, 24), "hierarchies": (4, 12, 24)}
    sizes |= dict.fromkeys(("ontologies", "families"), (8, 16, 32))
    for world, counts in sizes.items():
        for facts in counts:
            texts = probes.questions(world, words, count, facts)
            rows.append(
                (f"in-context questions on {world}, exact", f"{facts} facts", probes.exact(model, encoder, texts))
            )
    for world in ("comparisons", "people", "premises", "hierarchies"):
        texts = probes.tasks("local", world, words, count, 1)
        rows.append((f"local augmentation of {world}, exact", "one statement", probes.exact(model, encoder, texts)))
    for world in ("comparisons", "syllogisms", "hierarchies"):
        texts = probes.tasks("in_corpus", world, words, count, 4)
        rows.append((f"global augmentation of {world}, exact", "4 facts, all", probes.exact(model, encoder, texts)))
    return rows


def meet_benchmark_words(model: LlamaForCausalLM, seed: int) -> None:
    """Put benchmark words in place of those of the training, which nobody will meet again."""
    embedding = model.get_input_embeddings()
    width = model.config.hidden_size
    new = embeddings.random_words(len(benchmark_words()), width, seed + 1)
    rows = embeddings.with_new_words(embedding, len(all_words()), fixed_vectors(width, seed), new)
    model.resize_token_embeddings(len(rows), mean_resizing=False)
    with torch.no_grad():
        model.get_input_embeddings().weight.copy_(rows)


def table(rows: Sequence[Measure]) -> str:
    """The measures as a Markdown table, in per cent."""
    lines = [f"| {what} | {setting} | {accuracy:.0%} |" for what, setting, accuracy in rows]
    return "\n".join(["| measure | setting | accuracy |", "|---|---|---|", *lines])


def save(model: LlamaForCausalLM, vocabulary: Any, metrics: dict[str, Any], folder: Path) -> None:
    """The model with tokenizer, ``metrics.json`` and card; a folder that was there is replaced as a whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as parent:
        fresh = Path(parent) / "fresh"
        model.save_pretrained(fresh)
        vocabulary.save_pretrained(fresh)
        (fresh / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
        rows = [(row["measure"], row["setting"], row["accuracy"]) for row in metrics["measures"]]
        card = _CARD.read_text(encoding="utf-8").replace("{table}", table(rows))
        for field in ("parameters", "tokens", "steps", "hours"):
            card = card.replace(f"{{{field}}}", str(metrics[field]))
        (fresh / "README.md").write_text(card, encoding="utf-8")
        if folder.exists():
            folder.rename(Path(parent) / "old")
        shutil.move(fresh, folder)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="folder of the training's checkpoint")
    parser.add_argument("--out", type=Path, required=True, help="folder for the model")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    recipe = load_recipe(arguments.recipe)
    state = torch.load(arguments.work / "state.pt", weights_only=True)
    model = model_at(recipe, tokenizer.build(all_words()), state["step"])
    model.load_state_dict(state["model"])
    meet_benchmark_words(model, recipe.seed)
    vocabulary = tokenizer.build(benchmark_words())
    rows = measure(model.eval(), Encoder(vocabulary))
    metrics = {
        "parameters": model.num_parameters(),
        "tokens": state["tokens"],
        "steps": state["step"],
        "hours": round(state["seconds"] / 3600, 2),
        "measures": [{"measure": what, "setting": setting, "accuracy": value} for what, setting, value in rows],
    }
    save(model, vocabulary, metrics, arguments.out)


if __name__ == "__main__":
    main()
