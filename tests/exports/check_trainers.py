"""Two steps of DPO, KTO and SFT on an export with a tiny random vision model built here, offline. Prints the steps done as JSON.

A trainer that stops early still returns normally (special tokens in texts do that), so the step count is what proves anything.
"""
import json
import math
import sys

import torch
from datasets import load_dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    CLIPImageProcessor,
    PreTrainedTokenizerFast,
)
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, SFTConfig, SFTTrainer

root, work = sys.argv[1:3]
TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: {% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}</s>{% endfor %}"
)


def processor():
    words = {token: index for index, token in enumerate(["<pad>", "<s>", "</s>", "<unk>", "<image>"] + [chr(n) for n in range(32, 127)])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>",
        additional_special_tokens=["<image>"],
    )
    pictures = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    return LlavaProcessor(
        image_processor=pictures, tokenizer=fast, patch_size=16, vision_feature_select_strategy="default",
        chat_template=TEMPLATE, num_additional_image_tokens=1,
    )


def model():
    torch.manual_seed(1)
    vision = CLIPVisionConfig(hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=16)
    text = LlamaConfig(vocab_size=128, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2)
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=4, pad_token_id=0)
    return LlavaForConditionalGeneration(config)


common = dict(output_dir=work, max_steps=2, per_device_train_batch_size=2, report_to=[], save_strategy="no", use_cpu=True, logging_steps=1)
done = {}
for name, config, trainer in [
    ("dpo", DPOConfig(**common, max_length=None), DPOTrainer),
    ("kto", KTOConfig(**common, max_length=None), KTOTrainer),
    ("sft", SFTConfig(**common, max_length=None), SFTTrainer),
]:
    rows = load_dataset(root, name, split="train", cache_dir=work)
    # Without a reference of its own, a trainer would look for the model's name on a hub.
    reference = {} if name == "sft" else dict(ref_model=model())
    run = trainer(model=model(), args=config, train_dataset=rows, processing_class=processor(), **reference)
    result = run.train()
    assert math.isfinite(result.training_loss), (name, result.training_loss)
    done[name] = run.state.global_step
print(json.dumps(done))
