"""Run with another Python that has tensorflow and tf_keras: DPDNet in Keras 2, DMENet in TensorFlow's operators.

``python tensorflow_models.py FOLDER`` reads an image and random weights from ``given.npz``, and writes ``model.h5`` and
``weights.h5`` as Keras saves them and ``found.npz`` with what both networks give.
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras
from tf_keras import layers


def dpdnet(height, width, channels, filters):
    """DPDNet: four poolings, two convolutions a level, a 2x2 convolution after each enlargement."""

    def convolve(features, count, size=3, activation="relu"):
        return layers.Conv2D(count, size, activation=activation, padding="same")(features)

    image = keras.Input((height, width, channels))
    features, skips = image, []
    for level, count in enumerate(filters):
        if level:
            features = layers.MaxPooling2D((2, 2))(features)
        features = convolve(convolve(features, count), count)
        skips.append(features)
    for count, skip in zip(filters[-2::-1], skips[-2::-1], strict=True):
        features = convolve(layers.UpSampling2D((2, 2))(features), count, size=2)
        features = layers.concatenate([skip, features], axis=3)
        features = convolve(convolve(features, count), count)
    return keras.Model(image, convolve(convolve(features, 3), 3, 1, "sigmoid"))


class DMENet:
    """The network that TensorLayer 1 makes of arrays by name: mirrored borders, then batch normalisation."""

    def __init__(self, arrays):
        self.arrays = arrays

    def convolve(self, features, name):
        """A convolution whose border is mirrored."""
        kernel = self.arrays[f"{name}/W_conv2d"]
        reach = kernel.shape[0] // 2
        padded = tf.pad(features, [[0, 0], [reach, reach], [reach, reach], [0, 0]], "SYMMETRIC")
        return tf.nn.bias_add(tf.nn.conv2d(padded, kernel, 1, "VALID"), self.arrays[f"{name}/b_conv2d"])

    def unit(self, features, convolution, norm):
        """A convolution, its normalisation without a scale, and a leaky ReLU."""
        mean, variance, beta = (
            self.arrays[f"decoder/{norm}/{part}"] for part in ("moving_mean", "moving_variance", "beta")
        )
        raw = self.convolve(features, f"decoder/{convolution}")
        return tf.nn.leaky_relu(tf.nn.batch_normalization(raw, mean, variance, beta, None, 1e-5), 0.2)

    def __call__(self, image):
        """(1, H, W, 3) RGB in [0, 1] to (1, H, W, 1)."""
        features = tf.reverse(image, [3]) * 255 - np.array([103.939, 116.779, 123.68], np.float32)
        skips = []
        for level, depth in enumerate((2, 2, 4, 4, 4), 1):
            if level > 1:
                features = tf.nn.max_pool2d(features, 2, 2, "VALID")
            for step in range(1, depth + 1):
                features = tf.nn.relu(self.convolve(features, f"encoder/conv{level}_{step}"))
            skips.append(features)
        for level in (3, 2, 1):
            features = tf.concat([twice(features), skips[level]], 3)
            for step in (1, 2, 3):
                features = self.unit(features, f"u{level}/c{step}", f"u{level}/b{step}")
        features = self.unit(tf.concat([twice(features), skips[0]], 3), "u0/c_init", "u0/b_init")
        for block in range(7):
            side = self.unit(features, f"u0/c_res{block}", f"u0/b_res{block}")
            for step in (1, 2):
                features = self.unit(features, f"u0/c{block}_{step}", f"u0/b{block}_{step}")
            features = features + side
        for step in (1, 2):
            features = self.unit(features, f"uf/c{step}", f"uf/b{step}")
        return tf.sigmoid(self.convolve(features, "decoder/uf/c3"))


def twice(features):
    """Twice the size by repetition."""
    return tf.repeat(tf.repeat(features, 2, axis=1), 2, axis=2)


def main(folder):
    """Read ``given.npz``, write the others."""
    given = np.load(folder / "given.npz")
    image = given["image"]
    filters = [int(count) for count in given["filters"]]
    model = dpdnet(*image.shape, filters)
    model.set_weights([given[f"keras/{number:03d}"] for number in range(len(model.weights))])
    model.save(folder / "model.h5")
    model.save_weights(folder / "weights.h5")
    network = DMENet({name[len("dmenet/") :]: given[name] for name in given.files if name.startswith("dmenet/")})
    np.savez(
        folder / "found.npz",
        # The released model is fed with BGR.
        dpdnet=model.predict(image[None, ..., ::-1], verbose=0)[0, ..., ::-1],
        dmenet=network(tf.constant(image[None]))[0, ..., 0].numpy(),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
