"""Experiment files: what is an axis, which conditions are one, and that every mistake is one sentence with its line."""

from pathlib import Path

import pytest

from gensweep.config import Experiment, labels
from gensweep.errors import UserError
from gensweep.experiment_file import augmentation, dataset_spec, load

MINIMAL = """\
name: study
models: [builtin:random]
datasets:
  - {name: simple_reversals, facts: 10}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text)
    return path


def conditions(folder: Path, text: str) -> tuple:
    return load(written(folder, text)).conditions


def test_every_list_is_an_axis(tmp_path):
    text = MINIMAL + "modes: [finetune]\nseeds: [0, 1]\nfinetune: {learning_rate: [1.0e-4, 3e-4], steps: [5, 10]}\n"
    grid = conditions(tmp_path, text)
    assert len(grid) == 2 * 2 * 2
    assert {(c.finetune.learning_rate, c.finetune.steps) for c in grid} == {
        (1e-4, 5),
        (1e-4, 10),
        (3e-4, 5),
        (3e-4, 10),
    }


def test_a_setting_of_a_dataset_can_be_an_axis(tmp_path):
    grid = conditions(tmp_path, MINIMAL.replace("facts: 10", "facts: [10, 20]") + "modes: [icl]\n")
    assert [c.dataset.facts for c in grid] == [10, 20]
    assert list(labels([c.dataset for c in grid], "name").values()) == [
        "simple_reversals (facts=10)",
        "simple_reversals (facts=20)",
    ]


def test_context_sizes_and_ways_of_answering_are_axes(tmp_path):
    text = MINIMAL.replace("simple_reversals, facts: 10", "process, answers: [choices, exact_match]")
    grid = conditions(tmp_path, text + "modes: [pretrained, icl]\nicl: {subsample: [1, 2, 4], orderings: 3}\n")
    assert [(c.dataset.answers, c.mode, c.icl and c.icl.subsample) for c in grid] == [
        (answers, mode, subsample)
        for answers in ("choices", "exact_match")
        for mode, subsample in (("pretrained", None), ("icl", 1), ("icl", 2), ("icl", 4))
    ]
    limits = "icl: {max_context_tokens: [100, 200], overflow: fewer_documents}\n"
    assert [c.icl.max_context_tokens for c in conditions(tmp_path, MINIMAL + "modes: icl\n" + limits)] == [100, 200]


def test_settings_that_a_mode_does_not_use_make_no_new_conditions(tmp_path):
    text = MINIMAL + "augmentations: [none, local]\nsplitting: [none, independent]\nfinetune: {steps: [1, 2]}\n"
    modes = [condition.mode for condition in conditions(tmp_path, text)]
    assert (modes.count("pretrained"), modes.count("icl"), modes.count("finetune")) == (1, 2, 8)


def test_exclude_takes_points_out(tmp_path):
    text = MINIMAL + 'augmentations: [none, local]\nexclude: [{mode: icl, augmentation: "!none"}, {mode: pretrained}]\n'
    grid = conditions(tmp_path, text)
    assert {(c.mode, c.augmentation.strategy) for c in grid} == {
        ("icl", "none"),
        ("finetune", "none"),
        ("finetune", "local"),
    }


def test_set_overrides_the_file(tmp_path):
    path = written(tmp_path, MINIMAL)
    assert load(path, ["finetune.steps=7", "seeds=[3,4]"]).finetune[0].steps == 7
    assert load(path, ["seeds=[3,4]"]).seeds == (3, 4)


def test_resolved_configuration_reads_back_as_the_same_experiment(tmp_path):
    experiment = load(written(tmp_path, MINIMAL + "finetune: {learning_rate: [1e-4, 2e-4]}\n"))
    again = Experiment.model_validate_json(experiment.model_dump_json())
    assert again.conditions == experiment.conditions


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        ("finetun: {steps: 3}", 5, ["unknown key 'finetun'", "did you mean 'finetune'?"]),
        ("finetune: {stepz: 3}", 5, ["unknown key 'stepz'", "did you mean 'steps'?"]),
        ("finetune:\n  steps: 0", 6, ["steps", "greater than or equal to 1", "0"]),
        ("modes: [icl, finetine]", 5, ["'finetine'", "did you mean 'finetune'?"]),
        ("augmentations: [lokal]", 5, ["strategy cannot be 'lokal'", "did you mean 'local'?"]),
        ("  - {name: simple_reversal}", 5, ["unknown dataset 'simple_reversal'", "did you mean 'simple_reversals'?"]),
        ("  - {name: simple_reversals, fact: 3}", 5, ["unknown key 'fact'", "did you mean 'facts'?"]),
        ("exclude: [{moode: icl}]", 5, ["'moode'"]),
        ("exclude: [{dataset: simple_reversals}]", 1, ["leaves no condition"]),
        ("seeds: [0]\nseeds: [1]", 6, ["'seeds'", "second time"]),
        ("modes: [icl", 6, ["not valid YAML"]),
        ("finetune: {workers: [1, 2]}", 5, ["workers", "one value"]),
        ("finetune: {workers: 3, batch_size: 16}", 5, ["batch_size 16", "workers 3"]),
        ("icl: {overflow: fewer_documents}", 5, ["overflow fewer_documents", "needs max_context_tokens"]),
        ("icl: {overflow: fewer}", 5, ["overflow cannot be 'fewer'", "did you mean 'fewer_documents'?"]),
        ("icl: {orderings: 0}", 5, ["orderings", "greater than or equal to 1"]),
    ],
)
def test_mistakes_are_one_sentence_with_file_and_line(tmp_path, lines, line, words):
    path = written(tmp_path, MINIMAL + lines + "\n")
    with pytest.raises(UserError) as mistake:
        load(path)
    message = str(mistake.value)
    assert message.startswith(f"{path}:{line}:"), message
    assert "\n" not in message
    for word in words:
        assert word in message


def test_other_mistakes_name_their_source(tmp_path):
    path = written(tmp_path, MINIMAL)
    for overrides, words in [
        (["finetune.stepz=3"], "--set finetune.stepz=3: unknown key 'stepz'"),
        (["finetune"], "write key=value"),
        (["name.first=3"], "name is not a mapping"),
    ]:
        with pytest.raises(UserError, match=words):
            load(path, overrides)
    with pytest.raises(UserError, match="there is no experiment file"):
        load(tmp_path / "absent.yaml")


def test_single_settings_are_validated_like_those_of_a_file():
    assert dataset_spec("simple_reversals", ["facts=7"]).facts == 7
    for call, words in [
        (lambda: dataset_spec("simple_reversal", []), "did you mean 'simple_reversals'"),
        (lambda: dataset_spec("simple_reversals", ["fact=7"]), "did you mean 'facts'"),
        (lambda: augmentation("lokal", []), "did you mean 'local'"),
    ]:
        with pytest.raises(UserError, match=words):
            call()
