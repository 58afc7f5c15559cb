"""A study small enough to run in seconds, of every kind of condition, on the random two-layer Llama."""

import signal
from pathlib import Path

import pytest

# A shell starts what it runs in the background with SIGINT ignored, and the runs that a test stops would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

STUDY = """\
name: study
models: [builtin:random]
datasets:
  - {name: simple_reversals, facts: 6, documents_per_fact: 2}
augmentations: [none, {strategy: local, max_tokens: 12}]
modes: [pretrained, icl, finetune]
splitting: [independent]
finetune: {steps: 4, batch_size: 4, learning_rate: 1.0e-3}
tracking: {wandb: offline}
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """The experiment file, alone in a folder."""
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    return path
