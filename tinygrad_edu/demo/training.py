"""The network, the loop that trains it, and what is measured on the way."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np

from ..autograd.modes import no_grad
from ..data import DataLoader
from ..nn import Conv2d, CrossEntropyLoss, Dropout, Flatten, Linear, MaxPool2d, Module, ReLU, Sequential, init
from ..nn.functional import softmax
from ..optim import Adam
from .progress import Progress

CLASSES = 10


def make_network() -> Sequential:
    """Two convolutions, each with ReLU and pooling, and two fully connected layers. He initialisation."""
    net = Sequential(
        OrderedDict(
            conv1=Conv2d(1, 32, 3),  # (N, 1, 28, 28) -> (N, 32, 26, 26)
            relu1=ReLU(),
            pool1=MaxPool2d(2),  # -> (N, 32, 13, 13)
            conv2=Conv2d(32, 64, 3),  # -> (N, 64, 11, 11)
            relu2=ReLU(),
            pool2=MaxPool2d(2),  # -> (N, 64, 5, 5)
            flatten=Flatten(),
            dropout=Dropout(0.5),
            fc1=Linear(64 * 5 * 5, 128),
            relu3=ReLU(),
            fc2=Linear(128, CLASSES),
        )
    )
    for layer in net:
        if isinstance(layer, Conv2d | Linear):
            init.kaiming_normal_(layer.weight, nonlinearity="relu")
            init.zeros_(layer.bias)
    return net


@dataclass
class Epoch:
    """The measurements of one pass over the training digits."""

    loss: float
    accuracy: float
    test_loss: float
    test_accuracy: float
    seconds: float


@dataclass
class History:
    """What a training run measured."""

    losses: list[float] = field(default_factory=list)  # of each step
    hits: list[float] = field(default_factory=list)  # the share of right answers in each step
    epochs: list[Epoch] = field(default_factory=list)
    steps_per_epoch: int = 1


class StoppedError(Exception):
    """The user asked to stop."""


@dataclass
class Answers:
    """What the network says about some digits."""

    probabilities: np.ndarray  # (N, 10)
    labels: np.ndarray  # (N,)

    @property
    def guesses(self) -> np.ndarray:
        """The most probable digit of each."""
        return self.probabilities.argmax(1)

    @property
    def accuracy(self) -> float:
        """The share of right answers."""
        return float((self.guesses == self.labels).mean()) if len(self.labels) else float("nan")

    @property
    def losses(self) -> np.ndarray:
        """``-log p`` of the right digit, for each."""
        right = self.probabilities[np.arange(len(self.labels)), self.labels]
        return -np.log(np.maximum(right, np.finfo(right.dtype).tiny))


def batches(data: Any, size: int, device: str, go_on: Callable[[], None], shuffle: bool = False) -> Iterator:
    """The batches of a dataset on a device; between two of them the user may stop."""
    for images, labels in DataLoader(data, batch_size=size, shuffle=shuffle):
        go_on()
        yield images.to(device), labels.to(device)


def train(
    net: Module,
    train_data: Any,
    test_data: Any,
    history: History,
    *,
    epochs: int,
    device: str,
    go_on: Callable[[], None],
    batch_size: int = 64,
    lr: float = 2e-3,
    decay: float = 0.6,
) -> None:
    """Train by Adam, the step size shrinking by ``decay`` after each epoch. What it measures goes into ``history``.

    ``go_on`` is called before each batch, and raises where the user wants to stop.
    """
    criterion = CrossEntropyLoss()
    optimizer = Adam(net.parameters(), lr=lr)
    history.steps_per_epoch = -(-len(train_data) // batch_size)
    for epoch in range(epochs):
        began, first = time.perf_counter(), len(history.losses)
        net.train()
        with Progress(f"epoch {epoch + 1}/{epochs}", history.steps_per_epoch) as progress:
            for images, labels in batches(train_data, batch_size, device, go_on, shuffle=True):
                optimizer.zero_grad()
                logits = net(images)
                loss = criterion(logits, labels)
                loss.backward()
                optimizer.step()
                history.losses.append(loss.item())
                history.hits.append((logits.argmax(1) == labels).float().mean().item())
                recent = slice(max(first, len(history.losses) - 50), None)
                progress.step(loss=fmean(history.losses[recent]), accuracy=fmean(history.hits[recent]))
        answers = evaluate(net, test_data, device=device, go_on=go_on)
        done = slice(first, None)
        measured = Epoch(
            loss=fmean(history.losses[done]),
            accuracy=fmean(history.hits[done]),
            test_loss=float(answers.losses.mean()),
            test_accuracy=answers.accuracy,
            seconds=time.perf_counter() - began,
        )
        history.epochs.append(measured)
        print(
            f"epoch {epoch + 1}/{epochs}   train: loss {measured.loss:.4f}, accuracy {measured.accuracy:.2%}   "
            f"test: loss {measured.test_loss:.4f}, accuracy {measured.test_accuracy:.2%}   {measured.seconds:.1f} s",
            flush=True,
        )
        for group in optimizer.param_groups:
            group["lr"] *= decay


def evaluate(net: Module, data: Any, *, device: str, go_on: Callable[[], None], batch_size: int = 250) -> Answers:
    """What the network says about each digit of a dataset, in evaluation mode."""
    was_training = net.training
    net.eval()
    said, right = [np.empty((0, CLASSES), np.float32)], [np.empty(0, np.int64)]
    try:
        with no_grad():
            for images, labels in batches(data, batch_size, device, go_on):
                said.append(softmax(net(images), dim=1).cpu().numpy())
                right.append(labels.cpu().numpy())
    finally:
        net.train(was_training)
    return Answers(np.concatenate(said), np.concatenate(right))
