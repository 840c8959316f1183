"""One contrastive training step of OpenAI's clip in PyTorch at a time, on request: a line in, {"ms", "megabytes"} out.

    python training.py vit|rn50|small BATCH THREADS
"""
import json, resource, sys, time, warnings

warnings.filterwarnings("ignore")
import clip, torch

kind, batch, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(0)
size = 64 if kind == "small" else 224
model = {
    "vit": lambda: clip.model.CLIP(512, 224, 12, 768, 32, 77, 49408, 512, 8, 12),
    "rn50": lambda: clip.model.CLIP(1024, 224, (3, 4, 6, 3), 64, None, 77, 49408, 512, 8, 12),
    "small": lambda: clip.model.CLIP(256, 64, 6, 256, 8, 32, 49408, 256, 4, 4),
}[kind]().float()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
image = torch.randn(batch, 3, size, size)
text = torch.zeros(batch, model.context_length, dtype=torch.long)
for i in range(batch):
    n = 8 + i % 6
    text[i, 0], text[i, n] = 49406, 49407
    text[i, 1:n] = torch.randint(1, 40000, (n - 1,))
own = torch.arange(batch)
cross_entropy = torch.nn.functional.cross_entropy
print(json.dumps({"ready": True}), flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    of_images, of_texts = model(image, text)
    loss = (cross_entropy(of_images, own) + cross_entropy(of_texts, own)) / 2
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    loss.item()
    milliseconds = (time.perf_counter() - start) * 1e3
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"ms": milliseconds, "megabytes": megabytes}), flush=True)
