"""The nets that pictures are measured with: what they compare, and the files that they are read from."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from ldm.first_stage.features import FeatureNet
from ldm.metrics.inception import Inception
from ldm.metrics.lpips import Lpips
from ldm.metrics.nets import NetUnfit, load_net, looks_apart, save_net, seen
from ldm.tensor_file import CheckpointError
from tests.ldm.tiny import randomise


def pictures(seed: int, size: int = 32) -> Tensor:
    return torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.fixture(scope="module")
def lpips() -> Lpips:
    """LPIPS with random weights; those of channels are not negative, as trained ones are."""
    net = Lpips()
    randomise(net)
    for name, weight in net.named_parameters():
        if name.startswith("lin"):
            weight.data.abs_()
    return net.requires_grad_(requires_grad=False).eval()


def test_lpips_has_the_weights_of_vgg16_and_one_for_each_channel() -> None:
    with torch.device("meta"):
        net = Lpips()
    vgg = sum(weight.numel() for name, weight in net.named_parameters() if name.startswith("net."))
    rest = sum(weight.numel() for name, weight in net.named_parameters() if name.startswith("lin"))
    assert (vgg, rest) == (14_714_688, 64 + 128 + 256 + 512 + 512)


def test_lpips_of_equal_pictures_is_nothing_and_of_others_more(lpips: Lpips) -> None:
    a, b = pictures(0), pictures(1)
    assert looks_apart(lpips, a, a).tolist() == [0.0, 0.0]
    assert float(looks_apart(lpips, a, b).min()) > 0
    assert torch.allclose(looks_apart(lpips, a, b), looks_apart(lpips, b, a))


def test_lpips_has_a_gradient_where_pictures_are_equal(lpips: Lpips) -> None:
    a = pictures(0).requires_grad_()
    (slope,) = torch.autograd.grad(lpips(a, a.detach()).sum(), a)
    assert bool(slope.isfinite().all())


def test_lpips_is_the_weighed_difference_of_unit_features(lpips: Lpips) -> None:
    """The first of its five terms, written out."""
    a, b = pictures(0), pictures(1)
    shift, scale = torch.tensor([-0.030, -0.088, -0.188]), torch.tensor([0.458, 0.448, 0.450])

    def first(pixels: Tensor) -> Tensor:
        x = (pixels - shift[:, None, None]) / scale[:, None, None]
        state = lpips.state_dict()
        for number in (0, 2):
            weight, bias = (state[f"net.slice1.{number}.{part}"] for part in ("weight", "bias"))
            x = F.relu(F.conv2d(x, weight, bias, padding=1))
        return x / x.square().sum(dim=1, keepdim=True).sqrt()

    difference = (first(a) - first(b)).square()
    expected = (difference * lpips.state_dict()["lin0.model.1.weight"][0]).sum(dim=1).mean(dim=(1, 2))
    alone = Lpips()
    alone.load_state_dict(
        {
            key: value if key.startswith(("net.", "lin0")) else torch.zeros_like(value)
            for key, value in lpips.state_dict().items()
        }
    )
    assert torch.allclose(alone.eval()(a, b), expected, rtol=1e-4)


@pytest.mark.parametrize("prefix", ["", "loss.perceptual_loss.", "first_stage_model.loss.perceptual_loss."])
def test_lpips_is_found_in_a_file_of_its_own_and_in_training_files(
    tmp_path: Path, lpips: Lpips, prefix: str
) -> None:
    shift = torch.zeros(1, 3, 1, 1)
    file = {prefix + key: value for key, value in lpips.state_dict().items()}
    save_file({**file, f"{prefix}scaling_layer.shift": shift}, tmp_path / "net.safetensors")
    found = load_net(tmp_path / "net.safetensors")
    assert torch.equal(looks_apart(found, pictures(0), pictures(1)), lpips(pictures(0), pictures(1)))


def test_vgg_may_be_under_torchvisions_names(tmp_path: Path, lpips: Lpips) -> None:
    file = {}
    for key, value in lpips.state_dict().items():
        file[f"features.{key.split('.', 2)[2]}" if key.startswith("net.") else key] = value
    assert {"features.0.weight", "features.28.bias"} <= file.keys()
    save_file(file, tmp_path / "net.safetensors")
    found = load_net(tmp_path / "net.safetensors")
    assert torch.equal(looks_apart(found, pictures(0), pictures(1)), lpips(pictures(0), pictures(1)))


def test_inception_has_the_weights_of_torchvisions_without_its_branch_and_with_eight_more_classes() -> None:
    with torch.device("meta"):
        net = Inception()
    assert sum(weight.numel() for weight in net.parameters()) == 23_834_568 + 8 * 2049


def test_inception_describes_pictures_of_any_size(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = Inception().eval()
    save_file(
        {key: value for key, value in net.state_dict().items() if "num_batches" not in key},
        tmp_path / "net.safetensors",
    )
    found = load_net(tmp_path / "net.safetensors")
    with torch.no_grad():
        features, shares = seen(found, pictures(0, 48))
        assert torch.allclose(features, net(pictures(0, 48)))
    assert (features.shape, shares.shape) == ((2, 2048), (2, 1008))
    assert shares.sum(dim=1).tolist() == pytest.approx([1.0, 1.0], abs=1e-5)
    assert float((features[0] - features[1]).abs().max()) > 0


def test_the_own_net_describes_and_compares(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = FeatureNet().half().float()
    save_net(net, tmp_path / "net.safetensors")
    found = load_net(tmp_path / "net.safetensors")
    a, b = pictures(0, 64), pictures(1, 64)
    with torch.no_grad():
        assert torch.equal(looks_apart(found, a, b), looks_apart(net, a, b))
        features, shares = seen(found, a)
    assert features.shape == (2, 128)
    assert shares.sum(dim=1).tolist() == pytest.approx([1.0, 1.0], abs=1e-5)


def test_a_net_is_not_asked_for_what_it_was_not_made_for(lpips: Lpips) -> None:
    with torch.device("meta"):
        inception = Inception()
    with pytest.raises(NetUnfit, match="To compare pictures in pairs"):
        looks_apart(inception, pictures(0), pictures(1))
    with pytest.raises(NetUnfit, match="LPIPS compares pictures in pairs"):
        seen(lpips, pictures(0))


def test_a_file_of_something_else_is_named(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(
        CheckpointError, match=r"other\.safetensors holds no net that pictures are measured with"
    ):
        load_net(tmp_path / "other.safetensors")
    save_file({"things.weight": torch.zeros(1)}, tmp_path / "cut.safetensors")
    with pytest.raises(CheckpointError, match=r"cut\.safetensors lacks stages\.0\.0\.weight"):
        load_net(tmp_path / "cut.safetensors")
