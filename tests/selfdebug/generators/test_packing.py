"""Packed weights compute what the plain ones do."""

import pytest
import torch
from torch import nn

from selfdebug.generators.packing import PackedLinear, pack_linears


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 1), (32, 1), (3, 50), (1, 700)])
def test_the_product_is_the_same(shape: tuple[int, int], bias: bool) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(96, 160, bias=bias), nn.ReLU(), nn.Linear(160, 64, bias=bias)).bfloat16()
    states = torch.randn(*shape, 96).bfloat16()
    with torch.inference_mode():
        expected = model(states)
        if not pack_linears(model):
            pytest.skip("this torch has no packed linear layers for this processor")
        assert isinstance(model[0], PackedLinear)
        assert torch.allclose(model(states).float(), expected.float(), rtol=0.02, atol=0.02)
        assert torch.allclose(model(states.transpose(0, 1)).transpose(0, 1), model(states), rtol=0.02, atol=0.02)


def test_other_number_types_stay_as_they_are() -> None:
    model = nn.Sequential(nn.Linear(8, 8))
    assert pack_linears(model) == 0
    assert type(model[0]) is nn.Linear
