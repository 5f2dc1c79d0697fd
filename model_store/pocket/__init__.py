"""The pocket base: EfficientNet-lite0 and SmolLM2-135M-Instruct, put together as a LLaVA."""
