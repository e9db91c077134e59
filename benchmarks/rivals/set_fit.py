"""SetFit on few labels: contrastive fine-tuning of the shared encoder, then its head. Steps are bound by the time
allowed.

Its documentation's defaults (batch 16, one epoch, ``num_iterations`` 20) stand; where an epoch would take
longer than the job's budget, ``max_steps`` ends it, and the result says so. The budget is processor time, so that
others on the machine take nothing from it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.rivals.job import Job, Learned, Scores, serve

ITERATIONS = 20
BATCH = 16


class SetFit:
    """A trained SetFit model."""

    def __init__(self, model: Any, job: Job) -> None:
        self._model = model
        self._columns = [int(number) for number in model.model_head.classes_]
        self._classes = len(job.classes)

    def scores(self, texts: Sequence[str]) -> Scores:
        """Probabilities of its head."""
        found = np.zeros((len(texts), self._classes), np.float32)
        found[:, self._columns] = self._model.predict_proba(
            list(texts), as_numpy=True, show_progress_bar=False
        )
        return found


def learn(job: Job) -> Learned:
    """Fine-tune within the budget."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments

    rows = Dataset.from_dict({"text": job.texts, "label": [int(label) for label in job.labels]})
    wanted = len(job.train) * 2 * ITERATIONS // BATCH
    probe = 20

    def train(steps: int) -> Any:
        model = SetFitModel.from_pretrained(job.encoder, device="cpu")
        arguments = TrainingArguments(
            batch_size=BATCH,
            num_iterations=ITERATIONS,
            num_epochs=1,
            max_steps=steps,
            seed=job.seed,
            save_strategy="no",
            report_to="none",
            show_progress_bar=False,
        )
        Trainer(model=model, args=arguments, train_dataset=rows).train()
        return model

    began = time.process_time()
    train(probe)
    step_s = (time.process_time() - began) / probe
    steps = int(min(wanted, max(probe, job.budget_s / step_s)))
    tuned = {
        "num_iterations": ITERATIONS,
        "steps": steps,
        "steps_of_an_epoch": wanted,
        "processor_s_a_step": round(step_s, 3),
    }
    return Learned(SetFit(train(steps), job), tuned, probability=True)


if __name__ == "__main__":
    serve(learn, "setfit")
