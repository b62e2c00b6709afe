"""Classification: a network learns to read digits (Day 4, tutorial 4 of 6).

1,797 handwritten digits of 8×8 pixels (they ship with scikit-learn). The network ends in ten numbers, the logits;
softmax makes probabilities of them, and the loss is the cross-entropy, small where the right digit is likely:

    p(digit) = exp(logit of digit) / sum of exp(logits)             loss = mean of -ln p(right digit)
    precision = right / all that were read as this digit            recall = right / all that are this digit

A convolution slides the same 3×3 weights over the picture: what it learns to see in one place it sees everywhere.

    python FN/nn_tutorial/classification.py

prints precision and recall of each digit on pictures never trained on (f1-score: their harmonic mean; support: how
many there are), and saves a plot of misread ones.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import classification_report
from sklearn.model_selection import train_test_split

from framework.cli import CommonOptions, run
from framework.tf import keras, set_seed, tf


def load(seed):
    """x_train [N, 8, 8, 1] in [0, 1], x_test [M, 8, 8, 1], y_train [N] int, y_test [M]; a quarter is the test."""
    digits = load_digits()
    x = (digits.images[..., None] / digits.images.max()).astype("float32")
    return train_test_split(x, digits.target, test_size=0.25, stratify=digits.target, random_state=seed)


def convolutional():
    """Pictures [B, 8, 8, 1] to logits [B, 10]."""
    layers = [
        keras.layers.Conv2D(16, 3, activation="relu"),  # [B, 6, 6, 16]
        keras.layers.Conv2D(32, 3, activation="relu"),  # [B, 4, 4, 32]
        keras.layers.Flatten(),  # [B, 512]
        keras.layers.Dense(10),  # [B, 10]
    ]
    return keras.Sequential([keras.Input((8, 8, 1)), *layers])


@dataclass(frozen=True)
class Options(CommonOptions):
    plot: str = "runs/nn_tutorial/classification.png"
    """Where the plot goes."""


def main(options):
    set_seed(options.seed)
    x_train, x_test, y_train, y_test = load(options.seed)
    model = convolutional()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)  # safer than of probabilities: no ln 0
    model.compile(optimizer=keras.optimizers.Adam(3e-3), loss=loss)
    model.fit(x_train, y_train, batch_size=32, epochs=5 if options.quick else 20, verbose=0)

    probability = tf.nn.softmax(model(x_test)).numpy()  # [M, 10]
    read = probability.argmax(axis=1)  # [M]
    print(f"{model.count_params()} weights, {len(y_train)} digits to train on, {len(y_test)} to test on")
    print(classification_report(y_test, read, digits=2))
    print(f"test accuracy {np.mean(read == y_test):.2f}, {np.sum(read != y_test)} misread; a blind guess gets 0.10")
    draw(x_test, y_test, read, probability, options.plot)


def draw(x_test, y_test, read, probability, path):
    """The misread digits of which the network was surest, twelve at most."""
    import matplotlib.pyplot as plt

    from framework.plots import save_figure

    wrong = np.flatnonzero(read != y_test)
    wrong = wrong[np.argsort(-probability[wrong, read[wrong]], kind="stable")][:12]
    figure, axes = plt.subplots(2, 6, figsize=(10, 4.4), layout="constrained")
    for ax in axes.flat:
        ax.axis("off")
    for ax, row in zip(axes.flat, wrong, strict=False):
        ax.imshow(x_test[row, :, :, 0], cmap="gray_r")
        ax.set_title(f"a {y_test[row]}, read as {read[row]}\n(p = {probability[row, read[row]]:.2f})", fontsize=10)
    figure.suptitle(f"misread digits, {len(wrong)} of {np.sum(read != y_test)}; the surest mistakes first")
    save_figure(figure, path)


if __name__ == "__main__":
    run(main, Options, __doc__)
