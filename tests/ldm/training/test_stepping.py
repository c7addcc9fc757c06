"""Steps of optimizers: over several batches, and in less than full precision."""

import pytest
import torch
from torch import Tensor, nn

from ldm.training.first_stage import FirstStageRecipe
from ldm.training.stepping import Precision, Stepper, computing

CPU = torch.device("cpu")
EACH: tuple[Precision, ...] = ("fp32", "bf16", "fp16")


def taught(batches: int) -> Tensor:
    """The weights after a step on eight samples, in so many batches."""
    torch.manual_seed(0)
    net = nn.Linear(3, 2).double()
    samples = torch.randn(8, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    stepper = Stepper(torch.optim.SGD(net.parameters(), lr=0.1), "fp32", CPU)
    stepper.over(batches, lambda index: net(samples.chunk(batches)[index]).square().mean())
    stepper.step()
    return net.weight.detach()


def test_several_batches_make_the_step_of_one_large_batch() -> None:
    assert torch.allclose(taught(4), taught(1), atol=1e-15)
    assert not torch.equal(taught(1), taught(1) * 0)


def test_gradients_are_cut_after_they_are_scaled_back() -> None:
    moved = []
    for precision in EACH:
        weight = nn.Parameter(torch.zeros(4))
        stepper = Stepper(torch.optim.SGD([weight], lr=1.0), precision, CPU)
        stepper.over(1, lambda _: (weight * torch.tensor([3.0, 4.0, 0.0, 0.0])).sum())  # noqa: B023
        stepper.step(clipped=[weight])
        moved.append(weight.detach())
    assert torch.allclose(moved[0], torch.tensor([-0.6, -0.8, 0.0, 0.0]), atol=1e-5)
    assert all(torch.allclose(moved[0], other, atol=1e-5) for other in moved[1:])


def test_a_step_whose_gradients_overflow_is_left_out_and_the_scale_falls() -> None:
    weight = nn.Parameter(torch.ones(2))
    stepper = Stepper(torch.optim.SGD([weight], lr=1.0), "fp16", CPU)
    before = stepper.state()["scale"]
    stepper.over(1, lambda _: (weight * torch.inf).sum())
    stepper.step()
    assert torch.equal(weight.detach(), torch.ones(2))
    assert float(stepper.state()["scale"]) == float(before) / 2


def test_the_scale_is_taken_up_again() -> None:
    weight = nn.Parameter(torch.ones(2))
    first = Stepper(torch.optim.SGD([weight], lr=1.0), "fp16", CPU)
    first.over(1, lambda _: (weight * torch.inf).sum())
    first.step()
    second = Stepper(torch.optim.SGD([weight], lr=1.0), "fp16", CPU)
    second.load(first.state())
    assert second.state() == first.state()
    assert second.scaler.state_dict() == first.scaler.state_dict()


@pytest.mark.parametrize(("precision", "kind"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_products_are_computed_in_the_precision_that_is_asked_for(
    precision: Precision, kind: torch.dtype
) -> None:
    with computing(precision, CPU):
        assert nn.Linear(2, 2)(torch.ones(1, 2)).dtype == kind


def test_a_rate_of_a_single_sample_is_that_of_the_step_times_its_samples() -> None:
    plain = FirstStageRecipe(steps=1, batch=8, rate=4.5e-6, accumulation=2)
    scaled = FirstStageRecipe(steps=1, batch=8, rate=4.5e-6, accumulation=2, scale_rate=True)
    assert plain.step_rate == 4.5e-6
    assert scaled.step_rate == pytest.approx(4.5e-6 * 16)
