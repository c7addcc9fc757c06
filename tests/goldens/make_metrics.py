"""Make `metrics.json`: PSNR, SSIM, LPIPS, FID and Inception's features as their own packages compute them.

Run by hand, with scikit-image, lpips, pytorch-fid and torchvision beside the project (they are not its requirements):
    PYTHONPATH=. python tests/goldens/make_metrics.py
Nothing is downloaded: lpips and pytorch-fid are given our random weights.
"""

import json
from pathlib import Path
from typing import Any

import lpips as lpips_package  # type: ignore[import-not-found]
import pytorch_fid.fid_score  # type: ignore[import-not-found]
import pytorch_fid.inception  # type: ignore[import-not-found]
import skimage.metrics  # type: ignore[import-not-found]
import torch

from tests.goldens.cases import summary
from tests.goldens.metrics import features, inception, lpips, pictures


def pairs() -> dict[str, list[float]]:
    """scikit-image, picture by picture."""
    soft, rough = (pixels.numpy() for pixels in pictures(24))
    window: dict[str, Any] = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    metrics = skimage.metrics
    return {
        "psnr": [
            float(metrics.peak_signal_noise_ratio(a, b, data_range=2.0))
            for a, b in zip(soft, rough, strict=True)
        ],
        "ssim": [
            float(metrics.structural_similarity(a, b, data_range=2.0, channel_axis=0, **window))
            for a, b in zip(soft, rough, strict=True)
        ],
    }


def perceptual() -> list[float]:
    """The lpips package, with our weights."""
    net = lpips_package.LPIPS(net="vgg", pnet_rand=True, pretrained=False, verbose=False).double().eval()
    missing, strange = net.load_state_dict(lpips().state_dict(), strict=False)
    assert not strange
    assert all(
        name.startswith(("lins.", "scaling_layer.")) for name in missing
    )  # the same once more, and fixed
    with torch.no_grad():
        return [float(one) for one in net(*pictures(32)).flatten()]


def frechet() -> float:
    """pytorch-fid on features."""
    statistics = [(one.mean(dim=0).numpy(), one.T.cov().numpy()) for one in features()]
    return float(pytorch_fid.fid_score.calculate_frechet_distance(*statistics[0], *statistics[1]))


def inception_features() -> list[float]:
    """pytorch-fid's Inception, with our weights."""
    state = inception().state_dict()
    pytorch_fid.inception.load_state_dict_from_url = lambda *_, **__: state
    net = pytorch_fid.inception.InceptionV3(normalize_input=True, resize_input=True).double().eval()
    with torch.no_grad():
        (seen,) = net((pictures(40)[0][:1] + 1) / 2)
    return summary(seen)


def main() -> None:
    """Write the file."""
    found = {
        **pairs(),
        "lpips": perceptual(),
        "fid": frechet(),
        "inception": inception_features(),
    }
    path = Path(__file__).with_name("metrics.json")
    path.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
