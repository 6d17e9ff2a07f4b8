"""The stretches that training is made of, each with a rate and with layers that learn in it."""

from dataclasses import dataclass

from models.settings import TrainerConfig, Training, Transfer


@dataclass(frozen=True)
class Phase:
    """One stretch of training.

    Attributes:
        name: `train`; of a transfer `head`, and then `fine_tune`.
        epochs: at most.
        learning_rate: its peak.
        layers: of a backbone, how many from its end learn beside the head; None for all.
    """

    name: str
    epochs: int
    learning_rate: float
    layers: int | None = None

    @property
    def is_only(self) -> bool:
        """Whether it is all of the training."""
        return self.name == 'train'

    @property
    def title(self) -> str:
        """Name, for people."""
        return self.name.replace('_', '-')

    def applied(self, train: Training) -> Training:
        """Return training settings with the epochs and the rate of this phase."""
        return train.model_copy(update={'epochs': self.epochs, 'learning_rate': self.learning_rate})


def phases(config: TrainerConfig) -> tuple[Phase, ...]:
    """Return the phases of a training, in order: one, or two of a transfer that is fine-tuned."""
    train, model = config.train, config.model
    if not isinstance(model, Transfer) or model.weights is None:
        return (Phase('train', train.epochs, train.learning_rate),)
    head = Phase('head', train.epochs, train.learning_rate, layers=0)
    tuning = model.fine_tune
    if tuning is None:
        return (head,)
    return head, Phase('fine_tune', tuning.epochs, tuning.learning_rate, tuning.layers)
