"""The small base before it has learnt anything: a LLaVA layout of two million parameters."""

from __future__ import annotations

import random

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    CLIPImageProcessorPil,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

from posts.drawn import PRACTICE, Scene
from trainer.lessons import PICTURE_QUESTION, TEXT_QUESTION

PICTURE_SIDE = 72
PATCH = 12
HIDDEN = 128
VOCABULARY = 1024


def build_processor() -> LlavaProcessor:
    """Byte-level tokenizer, so that any text survives, and CLIP's picture processor."""
    bpe = Tokenizer(models.BPE(unk_token=None))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    rng = random.Random("tokenizer")
    answers = (f"a {Scene.any(rng).phrase}" for _ in range(2_000))
    texts = (PRACTICE.write(rng)[0] for _ in range(20_000))
    bpe.train_from_iterator(
        [*texts, *answers, PICTURE_QUESTION, TEXT_QUESTION],
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=["<pad>", "<s>", "</s>", "<image>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        padding_side="left",
        extra_special_tokens={"image_token": "<image>"},
    )
    half = [0.5, 0.5, 0.5]
    pictures = CLIPImageProcessorPil(
        size={"shortest_edge": PICTURE_SIDE},
        crop_size={"height": PICTURE_SIDE, "width": PICTURE_SIDE},
        image_mean=half,
        image_std=half,
    )
    return LlavaProcessor(
        image_processor=pictures,
        tokenizer=tokenizer,
        patch_size=PATCH,
        num_additional_image_tokens=1,
        vision_feature_select_strategy="default",
        image_token="<image>",
    )


def build_model(processor: LlavaProcessor) -> LlavaForConditionalGeneration:
    tokenizer = processor.tokenizer
    size = {"hidden_size": HIDDEN, "num_hidden_layers": 4, "num_attention_heads": 4}
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            **size, intermediate_size=4 * HIDDEN, image_size=PICTURE_SIDE, patch_size=PATCH
        ),
        text_config=LlamaConfig(
            **size,
            intermediate_size=3 * HIDDEN,
            vocab_size=len(tokenizer),
            max_position_embeddings=2048,
            tie_word_embeddings=True,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        ),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        image_seq_length=(PICTURE_SIDE // PATCH) ** 2,
        vision_feature_layer=-1,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlavaForConditionalGeneration(config)
    # At this size fused attention costs a CPU twice the time of the plain one.
    model.set_attn_implementation("eager")
    return model
