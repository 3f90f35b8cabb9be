"""Chooses the device on which the networks run, and their precision."""

import torch

from errors import ModelUnavailable


def choose_device(device: str) -> torch.device:
    """The device for `cpu`, `cuda` or `auto`, which uses a GPU if there is one.

    Raises ModelUnavailable for `cuda` if there is no GPU.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise ModelUnavailable(
            "No GPU can be used by PyTorch here; set NIGHTREEL_DEVICE to auto or cpu."
        )
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(device)


def choose_precision(precision: str, device: torch.device) -> torch.dtype:
    """The type for `float32`, `bfloat16`, or `auto`: bfloat16 if the device computes in it, else
    float32."""
    if precision == "auto":
        precision = "bfloat16" if computes_in_bfloat16(device) else "float32"
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def computes_in_bfloat16(device: torch.device) -> bool:
    """Whether the device supports bfloat16 natively; emulated, it is slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    abilities = torch.cpu.get_capabilities()
    return bool(abilities.get("avx512_bf16") or abilities.get("amx_bf16"))
