"""Multiple-choice scoring beside lm-evaluation-harness: the same model, the same questions, one run.

    python benchmarks/scoring.py [--model NAME] [--tokens 8000] [--questions 100] [--peer-questions 2]

Without ``--model`` the model is a random Llama of 3.7 M parameters, small enough for one CPU core. The peer needs the
whole context for every choice, so that it is timed on ``--peer-questions`` questions and scaled per question; without
context it is timed on all. A score holds each choice's unconditional log-probability too, for which the peer is asked
once more; ``choices alone`` leaves these out on both sides. All times include tokenisation; on CPU they are CPU
seconds, which a busy machine disturbs less. ``floor`` is the arithmetic: FLOPs of the distinct tokens divided by the
measured rate of float32 (on CUDA bfloat16) matrix products.
"""

import argparse
import dataclasses
import itertools
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar
from unittest import mock

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM
from small_model import small_llama

from gensweep import datasets
from gensweep.models import hub
from gensweep.models.hf import HFModel
from gensweep.prompting import plain_context
from gensweep.records import Dataset, Question, Score
from gensweep.specs import SimpleReversals

T = TypeVar("T")


def four_way(questions: Sequence[Question]) -> list[Question]:
    """Each question's own two comparatives and two of its neighbour's, about its own object."""
    result = []
    for question, other in zip(questions, [*questions[1:], questions[0]], strict=True):
        end = " than " + question.choices[0].partition(" than ")[2]
        more = [choice.partition(" than ")[0] + end for choice in other.choices]
        result.append(dataclasses.replace(question, choices=tuple(dict.fromkeys([*question.choices, *more]))))
    return result


def context_of(model: HFModel, dataset: Dataset, tokens: int) -> str:
    """As many documents as fit into ``tokens``."""
    lengths = itertools.accumulate(model.count_tokens(document.text + "\n") for document in dataset.documents)
    fitting = sum(length <= tokens for length in lengths)
    # The peer moves white space at the end of a context into the continuation, so this context ends without any.
    return plain_context(dataset.documents[:fitting]).rstrip() + " Also,"


def separated(questions: Sequence[Question]) -> list[Question]:
    return [dataclasses.replace(question, prompt=" " + question.prompt) for question in questions]


def peer_score(peer: HFLM, context: str | None, questions: Sequence[Question]) -> list[list[float]]:
    """Log-probability of each choice, question by question, by lm-evaluation-harness; unconditional without context."""
    requests = [
        Instance(
            request_type="loglikelihood",
            doc={},
            arguments=("" if context is None else context + question.prompt, choice),
            idx=0,
        )
        for question in questions
        for choice in question.choices
    ]
    values = iter(value for value, _ in peer.loglikelihood(requests, disable_tqdm=True))
    return [[next(values) for _ in question.choices] for question in questions]


def seconds(run: Callable[[], T], device: torch.device) -> tuple[float, T]:
    """Time of ``run()`` (CPU time on CPU, wall time on CUDA) and what it returns."""
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    started = clock()
    result = run()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock() - started, result


def fastest(run: Callable[[], T], device: torch.device, repeats: int) -> tuple[float, T]:
    """The shortest of several times, and what that run returned."""
    return min((seconds(run, device) for _ in range(repeats)), key=lambda timed: timed[0])


def matmul_rate(device: torch.device, dtype: torch.dtype) -> float:
    """FLOP/s of the best of ten square matrix products."""
    size = 8192 if device.type == "cuda" else 1024
    a = torch.randn(size, size, device=device, dtype=dtype)
    return 2 * size**3 / fastest(lambda: a @ a, device, 10)[0]


def without_unconditional(model: HFModel, context: str, questions: Sequence[Question]) -> list[Score]:
    """Scores whose unconditional log-probabilities are not worked out: zeros."""
    with mock.patch.object(model, "_unconditional", return_value=defaultdict(float)):
        return list(model.score(context, questions))


def floor_flops(model: HFModel, context: str, questions: Sequence[Question]) -> float:
    """FLOPs of the distinct tokens: the context, each question's prompt once, its choices but for their last tokens.

    A multiplication with an addition counts two. The unconditional log-probabilities and the projections to the
    vocabulary where a token is scored are part of it.
    """
    config = model.module.config
    dense = sum(p.numel() for n, p in model.module.named_parameters() if p.dim() == 2 and "embed" not in n)
    dense -= 0 if config.tie_word_embeddings else config.vocab_size * config.hidden_size
    width = getattr(config, "head_dim", config.hidden_size // config.num_attention_heads) * config.num_attention_heads
    pair = 4 * config.num_hidden_layers * width
    length = model.count_tokens(context)
    pairs = length * (length + 1) / 2
    tokens, scored = length, 0
    for question in questions:
        prompt = model.count_tokens(question.prompt)
        choices = [model.count_tokens(choice) for choice in question.choices]
        tokens += prompt + sum(choices) - len(choices)
        pairs += prompt * length + prompt * (prompt + 1) / 2
        pairs += sum((size - 1) * (length + prompt) + size * (size - 1) / 2 for size in choices)
        scored += 1 + sum(choices) - len(choices)
    alone = {choice for question in questions for choice in question.choices}
    lengths = [model.count_tokens(choice) for choice in alone]
    tokens += sum(lengths)
    pairs += sum(size * (size + 1) / 2 for size in lengths)
    scored += sum(lengths)
    return 2 * dense * tokens + pair * pairs + 2 * config.vocab_size * config.hidden_size * scored


def worst(ours: Sequence[Score], theirs: Sequence[Sequence[float]]) -> float:
    """Largest difference of two log-probabilities."""
    return max(
        abs(a - b)
        for score, values in zip(ours, theirs, strict=False)
        for a, b in zip(score.choice_logprobs, values, strict=True)
    )


def compare(model: HFModel, context: str, questions: list[Question], peer_questions: int, peer_batch: int) -> str:
    """One line of the table."""
    parameter = next(model.module.parameters())
    device = parameter.device
    peer = HFLM(pretrained=model.module, tokenizer=model.tokenizer, batch_size=peer_batch, max_length=model.window)
    subset = questions[:peer_questions]
    scale = len(questions) / len(subset)
    list(model.score("", questions[:2]))  # warm
    peer_score(peer, "", questions[:2])
    rates = [matmul_rate(device, parameter.dtype)]
    ours_s, ours = fastest(lambda: list(model.score(context, questions)), device, 4)
    fewer_s, _ = fastest(lambda: without_unconditional(model, context, questions), device, 4)
    rates.append(matmul_rate(device, parameter.dtype))
    choices_s, theirs = fastest(lambda: peer_score(peer, context, subset), device, 2)
    alone_s, _ = fastest(lambda: peer_score(peer, None, subset), device, 2)
    rates.append(matmul_rate(device, parameter.dtype))
    rate = statistics.median(rates)
    floor = floor_flops(model, context, questions) / rate
    choices_s, alone_s = choices_s * scale, alone_s * scale
    return (
        f"| {model.count_tokens(context)} | {len(questions)} | {ours_s:.2f} s | {choices_s:.1f} + {alone_s:.1f} s "
        f"({len(subset)} timed) | {(choices_s + alone_s) / ours_s:.1f} × "
        f"| {choices_s:.1f} / {fewer_s:.2f} s: {choices_s / fewer_s:.1f} × "
        f"| {floor:.2f} s at {rate / 1e9:.0f} GFLOP/s | {ours_s / floor:.2f} × | {worst(ours, theirs):.0e} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="", help="a model's name; a random Llama without")
    parser.add_argument("--tokens", type=int, default=8000, help="length of the context")
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--peer-questions", type=int, default=2, help="questions that the peer is timed on in context")
    parser.add_argument("--peer-batch", type=int, default=16, help="the peer's batch size without context")
    options = parser.parse_args()
    dataset = datasets.build(SimpleReversals(facts=200, documents_per_fact=10), 0)
    texts = [document.text for document in dataset.documents]
    model = hub.load(options.model) if options.model else HFModel("random Llama", *small_llama(texts, vocabulary=2048))
    assert isinstance(model, HFModel)
    questions = four_way(dataset.questions[: options.questions])
    total = sum(parameter.numel() for parameter in model.module.parameters())
    device = next(model.module.parameters()).device
    print(f"{model.name}, {total / 1e6:.1f} M parameters, {device.type}, {torch.get_num_threads()} thread(s)\n")
    print("| context tokens | questions | gensweep | lm-evaluation-harness, choices + unconditional | faster", end=" ")
    print("| choices alone, both | floor | of floor | largest difference |\n|---|---|---|---|---|---|---|---|---|")
    context = context_of(model, dataset, options.tokens)
    print(compare(model, context, separated(questions), options.peer_questions, 1), flush=True)
    print(compare(model, "", questions, len(questions), options.peer_batch), flush=True)


if __name__ == "__main__":
    main()
