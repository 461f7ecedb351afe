"""Weights laid out for the processor once, instead of at every multiplication.

oneDNN multiplies bfloat16 matrices in a blocked layout. torch keeps weights in rows, so each multiplication reads
them the slow way round; for the few rows of a decoding step that is most of its time (measured: packed weights take
0.4 to 0.8 of it). torch's compiler does the same to frozen weights; here it is done without compiling anything.
"""

import torch
from torch import nn

ROWS_HINT = 32  # rows that oneDNN is told to expect; measured, the layout serves 1 and 1,000 rows as well


class PackedLinear(nn.Module):
    """A linear layer with packed weights: forward only, on the CPU only."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        # Plain attributes: a packed tensor has no storage, so what walks over parameters must not meet it.
        self._weight = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), ROWS_HINT)
        self._bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(states, self._weight, self._bias, "none", [], "")
        return product


def pack_linears(model: nn.Module) -> int:
    """Replace the linear layers of a bfloat16 model on the CPU by packed ones, where this torch can.

    Returns the number of layers replaced; 0 leaves the model as it was. The originals are freed one by one, so the
    model takes no more memory than before (weights shared with the embedding aside, which then exist twice).
    """
    found = [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent.named_children()
        if type(child) is nn.Linear and child.weight.dtype == torch.bfloat16 and child.weight.device.type == "cpu"
    ]
    with torch.inference_mode():
        if not found or not _works(found[0][2]):
            return 0
        for parent, name, child in found:
            setattr(parent, name, PackedLinear(child))
            child.weight = None  # type: ignore[assignment]  # `found` still holds the layer
    return len(found)


def _works(linear: nn.Linear) -> bool:
    """Whether packing exists here and computes the same: the operators are not torch's public interface."""
    probe = torch.linspace(-1, 1, 3 * linear.in_features, dtype=torch.bfloat16).reshape(3, 1, -1)
    try:
        packed = PackedLinear(linear)(probe)
    except (RuntimeError, AttributeError, TypeError):
        return False
    return torch.allclose(packed.float(), linear(probe).float(), rtol=0.02, atol=0.02)
