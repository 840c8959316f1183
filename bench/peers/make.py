"""Random ViT-B/32 and RN50 at full size, once for every project's format, for benchmarks and full-size parity.

    python make.py FOLDER [ViT-B-32 RN50 ...]
"""
import json, pathlib, sys, warnings

warnings.filterwarnings("ignore")
import clip, torch
from safetensors.torch import save_file

sizes = {
    "ViT-B-32": (512, 224, 12, 768, 32, 77, 49408, 512, 8, 12),
    "ViT-L-14": (768, 224, 24, 1024, 14, 77, 49408, 768, 12, 12),
    "RN50": (1024, 224, (3, 4, 6, 3), 64, None, 77, 49408, 512, 8, 12),
    "RN50x4": (640, 288, (4, 6, 10, 6), 80, None, 77, 49408, 640, 10, 12),
}
folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


class Image(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model.encode_image(x)


class Text(Image):
    def forward(self, x):
        return self.model.encode_text(x)


for name in sys.argv[2:] or ["ViT-B-32", "RN50"]:
    torch.manual_seed(0)
    model = clip.model.CLIP(*sizes[name]).float().eval()
    with torch.no_grad():  # a fresh ResNet's last normalisations are zero, and every image would be the same to it
        for key, tensor in model.state_dict().items():
            if key.endswith("bn3.weight"):
                tensor.fill_(0.5)
    torch.save(model.state_dict(), folder / f"{name}.pt")
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / f"{name}.safetensors")
    batch = torch.export.Dim("b", min=1, max=512)
    size = sizes[name][1]
    towers = {"vision": (Image(model), torch.randn(2, 3, size, size), "pixel_values", "image_embeds")}
    if name == "ViT-B-32":
        towers["text"] = (Text(model), clip.tokenize(["a", "b"]).long(), "input_ids", "text_embeds")
    (folder / name / "onnx").mkdir(parents=True, exist_ok=True)  # laid out as transformers.js looks for it
    (folder / name / "config.json").write_text(json.dumps({"model_type": "clip"}))
    for tower, (module, example, given, answer) in towers.items():
        torch.onnx.export(module, (example,), folder / name / "onnx" / f"{tower}_model.onnx", dynamo=True, external_data=False,
                          dynamic_shapes=({0: batch},), input_names=[given], output_names=[answer], verbose=False)
    print(name, "written")
