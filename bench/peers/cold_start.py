"""From process start to the first embedding with OpenAI's clip in PyTorch.   python cold_start.py FILE.pt image|text [both]"""
import resource, sys, warnings

warnings.filterwarnings("ignore")
import clip, torch

torch.set_num_threads(2)
model = clip.model.build_model(torch.load(sys.argv[1], map_location="cpu")).float().eval()
with torch.inference_mode():
    if sys.argv[2] in ("image", "both"):
        model.encode_image(torch.randn(32 if sys.argv[2] == "both" else 1, 3, 224, 224))
    if sys.argv[2] in ("text", "both"):
        model.encode_text(clip.tokenize(["a photo of a cat"] * (32 if sys.argv[2] == "both" else 1)))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
