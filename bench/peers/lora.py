"""One LoRA step of transformers' CLIP with PEFT at a time, on request: a line in, {"ms", "megabytes"} out.

    python lora.py BATCH THREADS CLASSES LENGTH

ViT-B/32; q, k, v of both encoders, rank 2; cross-entropy over the prompts of the classes, which both encoders are trained by;
AdamW over the adapters. Prompts have LENGTH tokens: as many as ours, or all 77, as CLIP-LoRA computes them.
"""
import json, resource, sys, time, warnings

warnings.filterwarnings("ignore")
import torch
from peft import LoraConfig, get_peft_model
from transformers import CLIPConfig, CLIPModel

batch, threads, classes, length = map(int, sys.argv[1:5])
torch.set_num_threads(threads)
torch.manual_seed(0)
text = dict(hidden_size=512, intermediate_size=2048, num_hidden_layers=12, num_attention_heads=8, eos_token_id=49407)
vision = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, patch_size=32)
model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=512))
targets = ["q_proj", "k_proj", "v_proj"]
model = get_peft_model(model, LoraConfig(r=2, lora_alpha=1, use_rslora=True, target_modules=targets, lora_dropout=0.0))
model.train()
adapters = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(adapters, lr=2e-4, weight_decay=0.01)
image = torch.randn(batch, 3, 224, 224)
ids = torch.full((classes, length), 49407)
ids[:, 0] = 49406
for i in range(classes):
    ids[i, 1 : 6 + i % 3] = torch.randint(1, 40000, (5 + i % 3,))
label = torch.arange(batch) % classes
print(json.dumps({"ready": True, "trained": sum(p.numel() for p in adapters)}), flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    loss = torch.nn.functional.cross_entropy(model(input_ids=ids, pixel_values=image).logits_per_image, label)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    loss.item()
    milliseconds = (time.perf_counter() - start) * 1e3
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"ms": milliseconds, "megabytes": megabytes}), flush=True)
