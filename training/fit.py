"""Teaching a model: labels, and a teacher to listen to where there is one."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from rich.console import Console
from torch import Tensor, nn
from torch.nn import functional

from cascade.features import PAD, SPECIAL, Encoder
from training.dataset import UNKNOWN_TAG, Sample
from training.model import TaggingClassifier
from training.recipe import Distillation, Fit

_UNSURE = 0.5
"""Share of the target spread over all intents where no single answer is lawful."""

Progress = Callable[[int, int, float], None]
"""Called with the step, the number of steps and the loss."""
Variant = Callable[[Sample, random.Random], Sample]


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded tensors of some samples of like length."""

    ids: Tensor
    allowed: Tensor
    """``[batch, intents]``, 1 where the intent is right."""
    spread: Tensor
    """``[batch]``, share of the target that goes to all intents alike."""
    tags: Tensor


def deterministic(seed: int, threads: int) -> None:
    """Make the runs of this process repeatable."""
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(seed)


def in_bfloat16(plan: Fit) -> bool:
    """Whether products are computed in bfloat16: where the plan says so and the processor has it.

    Emulated by one with AVX2 alone it took 27 times as long as float32.
    """
    return plan.precision == "bfloat16" and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def announce(plan: Fit, console: Console) -> None:
    """Say so where products are not computed as the plan says."""
    if plan.precision == "bfloat16" and not in_bfloat16(plan):
        console.print("this processor has no bfloat16: computing in float32, which takes longer")


def collate(samples: Sequence[Sample], vocabulary: Encoder, intents: int, smoothing: float) -> Batch:
    """Samples as tensors; the tag of ``[CLS]`` and of padding is unknown."""
    numbers = [vocabulary.ids(sample.text) for sample in samples]
    length = max(map(len, numbers))
    ids = torch.full((len(samples), length), SPECIAL.index(PAD))
    tags = torch.full((len(samples), length), UNKNOWN_TAG)
    allowed = torch.zeros(len(samples), intents)
    for row, sample in enumerate(samples):
        ids[row, : len(numbers[row])] = torch.tensor(numbers[row])
        tags[row, 1 : len(sample.tags) + 1] = torch.tensor(sample.tags)
        allowed[row, list(sample.intents)] = 1
    spread = torch.tensor([smoothing if sample.sure else _UNSURE for sample in samples])
    return Batch(ids, allowed, spread, tags)


def label_loss(intent: Tensor, tags: Tensor, batch: Batch, tag_weight: float) -> Tensor:
    """Cross-entropy of intents (any of the allowed ones counts) and of the tags that are known."""
    logs = functional.log_softmax(intent, dim=-1)
    right = torch.logsumexp(logs.masked_fill(batch.allowed == 0, -1e9), dim=-1)
    loss = -((1 - batch.spread) * right + batch.spread * logs.mean(dim=-1)).mean()
    known = batch.tags != UNKNOWN_TAG
    if tag_weight and bool(known.any()):
        loss = loss + tag_weight * functional.cross_entropy(tags[known], batch.tags[known])
    return loss


def teacher_loss(
    student: tuple[Tensor, Tensor], teacher: tuple[Tensor, Tensor], batch: Batch, plan: Distillation
) -> Tensor:
    """Kullback-Leibler divergence from the teacher's softened intents and tags, labelled or not."""
    rows = torch.ones(len(batch.ids), dtype=torch.bool)
    real = batch.ids != SPECIAL.index(PAD)
    real[:, 0] = False
    if plan.where_right:
        rows = batch.allowed.gather(1, teacher[0].argmax(-1, keepdim=True)).squeeze(1) > 0
        real &= (batch.tags == UNKNOWN_TAG) | (batch.tags == teacher[1].argmax(-1))
    heard = ((student[0][rows], teacher[0][rows]), (student[1][real], teacher[1][real]))
    parts = [_divergence(ours, told, plan.temperature) for ours, told in heard if len(ours)]
    return torch.stack(parts).sum() if parts else torch.zeros(())


def _divergence(student: Tensor, teacher: Tensor, heat: float) -> Tensor:
    return (
        functional.kl_div(
            functional.log_softmax(student / heat, dim=-1),
            functional.log_softmax(teacher / heat, dim=-1),
            reduction="batchmean",
            log_target=True,
        )
        * heat**2
    )


@dataclass(frozen=True, slots=True)
class _Lesson:
    """What a loss is made of besides the batch."""

    plan: Fit
    narrow: bool
    """Whether products are computed in bfloat16."""
    teacher: nn.Module | None
    distillation: Distillation | None

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Of labels, of a second pass where passes must agree, and of the teacher."""
        plan = self.plan
        if plan.agreement:
            twice = batch.ids.repeat(2, 1)  # one pass of two copies costs less than two passes
            intents, marks = _scores(model, twice, self.narrow)
            (intent, other), (tags, marked) = intents.chunk(2), marks.chunk(2)
            first = label_loss(intent, tags, batch, plan.tag_weight)
            second = label_loss(other, marked, batch, plan.tag_weight)
            apart = _divergence(intent, other, 1.0) + _divergence(other, intent, 1.0)
            loss = (first + second + plan.agreement * apart) / 2
        else:
            intent, tags = _scores(model, batch.ids, self.narrow)
            loss = label_loss(intent, tags, batch, plan.tag_weight)
        if self.teacher is not None and self.distillation is not None:
            with torch.no_grad():
                told = _scores(self.teacher, batch.ids, self.narrow)
            heard = teacher_loss((intent, tags), told, batch, self.distillation)
            loss = (1 - self.distillation.weight) * loss + self.distillation.weight * heard
        return loss


class _Average:
    """A moving average of a model's weights; young, it follows them closely."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        self._model = model
        self._kept = copy.deepcopy(model) if decay else model

    def follow(self, step: int) -> None:
        """Take one more step into the average."""
        if self._decay:
            share = 1 - min(self._decay, (1 + step) / (10 + step))
            with torch.no_grad():
                for kept, new in zip(self._kept.parameters(), self._model.parameters(), strict=True):
                    kept.lerp_(new, share)

    def settle(self) -> None:
        """Put the average into the model."""
        if self._decay:
            self._model.load_state_dict(self._kept.state_dict())


def fit(
    model: TaggingClassifier,
    samples: Sequence[Sample],
    vocabulary: Encoder,
    plan: Fit,
    *,
    seed: int,
    variant: Variant,
    teacher: nn.Module | None = None,
    distillation: Distillation | None = None,
    progress: Progress = lambda step, steps, loss: None,
) -> float:
    """Teach ``model`` in place; the mean loss of the last epoch. Every sample is said anew each epoch."""
    rng = random.Random(seed)
    optimiser = torch.optim.AdamW(_groups(model, plan), lr=plan.rate, fused=True)
    steps = plan.epochs * math.ceil(len(samples) / plan.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps, plan.warm_up))
    lesson, average = _Lesson(plan, in_bfloat16(plan), teacher, distillation), _Average(model, plan.average)
    model.train()
    step, losses = 0, [0.0]
    for _ in range(plan.epochs):
        losses = []
        for group in _batches([variant(sample, rng) for sample in samples], plan.batch, rng):
            loss = lesson.loss(model, collate(group, vocabulary, model.shape.intents, plan.smoothing))
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            step += 1
            average.follow(step)
            losses.append(loss.item())
            progress(step, steps, losses[-1])
    average.settle()
    model.eval()
    return sum(losses) / len(losses)


def _scores(model: nn.Module, ids: Tensor, narrow: bool) -> tuple[Tensor, Tensor]:
    with torch.autocast("cpu", torch.bfloat16, enabled=narrow):
        intent, tags = model(ids)
    return intent.float(), tags.float()


def _batches(samples: list[Sample], size: int, rng: random.Random) -> Iterator[list[Sample]]:
    """Batches of like length, in random order: little padding, and no two epochs alike."""
    rng.shuffle(samples)
    samples.sort(key=lambda sample: len(sample.text) + rng.random() * 3)
    batches = [samples[at : at + size] for at in range(0, len(samples), size)]
    rng.shuffle(batches)
    yield from batches


def _groups(model: TaggingClassifier, plan: Fit) -> list[dict[str, object]]:
    """Biases, norms and positions do not decay; lower layers may learn slower."""
    groups: dict[tuple[int, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        decays = parameter.ndim > 1 and "position" not in name
        groups.setdefault((_depth(name, model.shape.layers), decays), []).append(parameter)
    return [
        {
            "params": parameters,
            "weight_decay": 0.01 if decays else 0.0,
            "lr": plan.rate * plan.layer_decay**depth,
        }
        for (depth, decays), parameters in groups.items()
    ]


def _depth(name: str, layers: int) -> int:
    """How many layers a parameter lies below the heads."""
    kind, _, rest = name.partition(".")
    if kind == "layers":
        return layers - int(rest.split(".")[0])
    return layers + 1 if kind == "embed" else 0


def _rate(step: int, steps: int, warm_up: float) -> float:
    rising = max(1, int(steps * warm_up))
    return step / rising if step < rising else max(0.0, (steps - step) / max(1, steps - rising))
