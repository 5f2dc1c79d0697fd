"""The fast step against the plain loop."""

import pytest
import torch

from tests.tiny_models import FAMILIES
from tests.trainer.aimkp.reference import Reference
from tests.trainer.examples import encode, mixed_posts, trainable_base, training_set
from trainer.aimkp.step import AimKPSettings, AimKPStep
from trainer.aimkp.strides import Modality, Progression, Strides

EPOCHS = 4


def settings(tau_image=0.4, tau_text=0.1, joint="mean", after="adapt", largest=0):
    return AimKPSettings(
        tau={Modality.IMAGE: tau_image, Modality.TEXT: tau_text},
        joint=joint,
        progression=Progression(
            after_failure=after, largest={Modality.IMAGE: largest, Modality.TEXT: largest}
        ),
    )


def gradients(base):
    found = {
        name: parameter.grad
        for name, parameter in base.model.named_parameters()
        if parameter.grad is not None
    }
    base.model.zero_grad(set_to_none=True)
    return found


def descend(base, found, rate=0.05):
    with torch.no_grad():
        for name, parameter in base.model.named_parameters():
            if name in found:
                parameter -= rate * found[name] / (found[name].norm() + 1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_it_is_the_plain_loop(family, tmp_path):
    examples = list(training_set(tmp_path, mixed_posts(6)))
    ids = [example.id for example in examples]
    base = trainable_base(tmp_path, family, dtype=torch.float64)
    base.model.train()
    reference = Reference(base.model, base.family)
    strides = Strides()
    step = AimKPStep(base.model, base.family, settings=settings(), strides=strides)
    singles = [encode(base, [example]) for example in examples]
    batch = encode(base, examples)
    for epoch in range(1, EPOCHS + 1):
        visits = {post: reference.visit(post, one) for post, one in zip(ids, singles, strict=True)}
        expected = gradients(base)
        step.begin_epoch(epoch)
        loss = step(ids, batch)
        found = gradients(base)

        assert loss.total.item() == pytest.approx(sum(v.loss for v in visits.values()), abs=1e-9)
        for post, visit in visits.items():
            for modality, cosine in visit.cosine.items():
                view = strides.of(post, Modality(modality))
                assert view.cosine == pytest.approx(cosine, abs=1e-9)
                assert view.kept == visit.kept[modality]
                assert view.stride == reference.strides[post, modality]
        assert found.keys() == expected.keys()
        for name in expected:
            torch.testing.assert_close(found[name], expected[name], rtol=1e-9, atol=1e-9)
        descend(base, expected)
