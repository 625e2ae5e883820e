#!/usr/bin/env python3
"""What PyTorch finds for the losses of TENT and SHOT, in float64.

    python3 -m venv venv && venv/bin/pip install torch numpy
    venv/bin/python Tools/make-adaptation-fixtures.py       writes Tests/TrainingTests/PyTorchAdaptation.swift
    venv/bin/python Tools/make-adaptation-fixtures.py --verify    computes it again and compares

Logits, weights and images are made by the hash of make-pytorch-fixtures.py, which the Swift tests
have too. There is the loss and gradient of a few logits; and of a ResNet-8 the losses of five steps
of TENT (SGD with momentum, batch norm's weight and bias alone, batch statistics) and the norms of
the gradients of SHOT's information maximization. Exit status: 0 fine, 1 another file, 77 no PyTorch.
"""
import importlib.util
import pathlib
import re
import sys

try:
    import torch
    import torch.nn.functional as F
except ImportError as error:
    print(f"skipped: {error}", file=sys.stderr)
    sys.exit(77)

HERE = pathlib.Path(__file__).parent
TARGET = HERE.parent / "Tests/TrainingTests/PyTorchAdaptation.swift"
ROWS, CLASSES, BATCH, STEPS, RATE, SURE = 6, 5, 8, 5, 0.02, 16

spec = importlib.util.spec_from_file_location("networks", HERE / "make-pytorch-fixtures.py")
networks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(networks)


def entropy(logits):
    """TENT: the mean entropy of the predictions."""
    return torch.distributions.Categorical(logits=logits).entropy().mean()


def information(logits):
    """SHOT: the same less the entropy of the mean prediction."""
    mean = F.softmax(logits, 1).mean(0)
    return entropy(logits) - torch.distributions.Categorical(probs=mean).entropy()


def of_logits(loss):
    values = 3 * networks.noise(ROWS * CLASSES, 400)
    logits = torch.tensor(values.astype("float32").reshape(ROWS, CLASSES)).double()
    logits.requires_grad_(True)
    value = loss(logits)
    value.backward()
    return value.item(), logits.grad.reshape(-1).tolist()


def resnet():
    network = networks.fill(networks.ResNet(8, networks.CLASSES), torch.float64)
    # Predictions that are sure enough to say something.
    network.linear.weight.data *= SURE
    return network.train(), networks.made_images(BATCH, 32).double()


def tent():
    network, images = resnet()
    trained = []
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            trained += [module.weight, module.bias]
    optimizer = torch.optim.SGD(trained, lr=RATE, momentum=0.9)
    losses = []
    for _ in range(STEPS):
        network.zero_grad()
        loss = entropy(network(images))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        return losses, [float(t.norm()) for t in (network.bn1.weight, network.layer3[0].bn2.bias)]


def shot():
    network, images = resnet()
    loss = information(network(images))
    loss.backward()
    return loss.item(), {
        name: float(parameter.grad.norm()) for name, parameter in network.named_parameters()
        if not name.startswith(("layer3", "linear"))}


def text():
    def numbers(values):
        return "".join(f"    {value!r},\n" for value in values)

    (tent_loss, tent_gradient), (shot_loss, shot_gradient) = map(of_logits, (entropy, information))
    losses, norms = tent()
    network_loss, gradients = shot()
    named = "".join(f'    "{name}": {norm!r},\n' for name, norm in gradients.items())
    return f"""/// Made by `Tools/make-adaptation-fixtures.py`: what PyTorch {torch.__version__} finds, in float64.
enum PyTorchAdaptation {{
  static let entropy = {tent_loss!r}
  static let entropyGradient: [Double] = [
{numbers(tent_gradient)}  ]
  static let information = {shot_loss!r}
  static let informationGradient: [Double] = [
{numbers(shot_gradient)}  ]
  static let tentLosses: [Double] = [
{numbers(losses)}  ]
  /// Of `bn1.weight` and `layer3.0.bn2.bias` after these steps.
  static let tentNorms: [Double] = [
{numbers(norms)}  ]
  static let shotLoss = {network_loss!r}
  /// Norms of the gradients of what stands before the cut after stage 2.
  static let shotGradients: [String: Double] = [
{named}  ]
}}
"""


if sys.argv[1:] == ["--verify"]:
    # Other versions may differ in the last digits; the first line names one.
    held, made = ([float(n) for n in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", t.split("\n", 1)[1])]
                  for t in (TARGET.read_text(), text()))
    same = len(held) == len(made) and all(
        abs(a - b) <= 1e-6 * abs(a) for a, b in zip(held, made))
    sys.exit(0 if same else 1)
if sys.argv[1:]:
    sys.exit(__doc__)
TARGET.write_text(text())
