"""vLLM as a generator: ``vllm:MODEL``, where MODEL is a folder, a catalogue name or a Hub id. Needs ``gensweep[vllm]``.

In this process it is ``VLLMModel``; over a cluster ``distributed/generate.py`` has engines of ``ray.data.llm`` do the
same requests, with the same arguments and the same reading of what they write.
"""

import dataclasses
import functools
import importlib.util
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from gensweep.errors import UserError
from gensweep.models import generation, hub
from gensweep.models.reader import HFReader
from gensweep.records import Generation, GenerationRequest, Question, Score

_TOGETHER = 512
"""Requests that the engine of this process gets at a time: it schedules them itself, and returns when all are done."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A request as an engine takes it: token ids, and the arguments of vLLM's ``SamplingParams``."""

    request: GenerationRequest
    ids: list[int]
    sampling: dict[str, Any]


def source(name: str) -> str:
    """What vLLM loads the model from. Raises UserError if vLLM is not installed."""
    if importlib.util.find_spec("vllm") is None:
        raise UserError(f"model {name} needs vLLM: pip install 'gensweep[vllm]'")
    return hub.source(name.removeprefix(hub.VLLM))


def engine_arguments(*, gpu: bool) -> dict[str, Any]:
    """Arguments of every engine, on a GPU or on CPUs."""
    return {
        "dtype": "bfloat16" if gpu else "float32",
        "enable_prefix_caching": True,
        "enforce_eager": not gpu,  # compiling takes minutes on a CPU
        "disable_log_stats": True,
        "trust_remote_code": False,
    }


class VLLMReader(HFReader):
    """What a plan needs of a model that vLLM serves, and what goes into and comes out of its engines."""

    trainable = False

    def check(self, context: str, questions: Sequence[Question]) -> None:
        """Raises UserError: it does not score, as vLLM's prompt log-probabilities pass its prefix cache by."""
        raise UserError(
            f"model {self.name} generates only: name it as augmentation.generator, and one without {hub.VLLM} in models"
        )

    def jobs(self, requests: Sequence[GenerationRequest]) -> tuple[list[Job], list[Generation]]:
        """What can be generated, in the order of contexts, and an error for each request that cannot be."""
        found: list[Job] = []
        refused: list[Generation] = []
        for context, group in generation.by_context(requests).items():
            start = self._text.context(context)
            fitting, unfit = generation.jobs(self._text, len(start), group, self.window)
            refused += unfit
            for job in fitting:
                request = job.request
                sampling = {
                    "temperature": request.temperature,
                    "max_tokens": job.limit,
                    "stop": list(request.stop),
                    "include_stop_str_in_output": True,  # else nothing would tell that one ended the text
                    "seed": request.seed,
                }
                found.append(Job(request=request, ids=[*start, *job.ids], sampling=sampling))
        return found, refused

    def written(self, job: Job, text: str, ids: Sequence[int]) -> Generation:
        """The generation of ``job`` from the text and the token ids that an engine wrote."""
        request = job.request
        said, stopped = request.until_stop(text)
        cut_off = len(ids) >= job.sampling["max_tokens"] and not stopped and ids[-1] not in self._end_tokens
        return Generation(
            request_id=request.id,
            source_id=request.source_id,
            text=said,
            prompt_tokens=len(job.ids),
            new_tokens=len(ids),
            finish="length" if cut_off else "stop",
        )

    def failed(self, job: Job, error: str) -> Generation:
        """The generation of ``job`` where an engine gave ``error`` instead."""
        return Generation(
            request_id=job.request.id,
            source_id=job.request.source_id,
            text="",
            prompt_tokens=len(job.ids),
            new_tokens=0,
            finish="error",
            error=error,
        )

    @functools.cached_property
    def _end_tokens(self) -> set[int]:
        """The tokens at which vLLM ends a text, which it takes from the same files."""
        from transformers import AutoConfig, GenerationConfig

        folder = self.tokenizer.name_or_path
        try:
            config = GenerationConfig.from_pretrained(folder)
        except OSError:
            config = GenerationConfig.from_model_config(AutoConfig.from_pretrained(folder))
        declared = config.eos_token_id
        return {self.tokenizer.eos_token_id, *(declared if isinstance(declared, list) else [declared])}


class VLLMModel(VLLMReader):
    """A ``LanguageModel`` that generates only, with one engine in this process."""

    def __init__(self, name: str) -> None:
        """Raises UserError if vLLM is not installed or cannot load the model."""
        path = source(name)
        from vllm import LLM

        try:
            self._llm: Any = LLM(model=path, **engine_arguments(gpu=torch.cuda.is_available()))
        except (OSError, ValueError) as error:
            raise UserError(f"model {name}: vLLM cannot load {path}: {' '.join(str(error).split())[:200]}") from error
        super().__init__(name, self._llm.get_tokenizer(), self._llm.llm_engine.model_config.max_model_len)

    def score(self, context: str, questions: Sequence[Question]) -> Iterator[Score]:
        """Raises UserError; see ``check``."""
        self.check(context, questions)
        return iter(())

    def generate(self, requests: Sequence[GenerationRequest]) -> Iterator[Generation]:
        """One generation per request, in the order of contexts; vLLM batches them and reads a shared context once."""
        from vllm import SamplingParams

        jobs, refused = self.jobs(requests)
        yield from refused
        for start in range(0, len(jobs), _TOGETHER):
            part = jobs[start : start + _TOGETHER]
            prompts = [{"prompt_token_ids": job.ids} for job in part]
            sampling = [SamplingParams(**job.sampling) for job in part]
            for job, output in zip(part, self._llm.generate(prompts, sampling, use_tqdm=False), strict=True):
                (only,) = output.outputs
                yield self.written(job, only.text, only.token_ids)
