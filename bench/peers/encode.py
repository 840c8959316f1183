"""A peer that encodes on request: one JSON line in, one out.

    python encode.py PEER FOLDER THREADS      PEER: clip, open_clip, transformers, openvino

Requests: {"model": "ViT-B-32", "tower": "image" | "text", "batch": n, "texts": [...]}; answer: {"ms": milliseconds}.
"""
import json, os, sys, time, warnings

warnings.filterwarnings("ignore")
peer, folder, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.environ.setdefault("OMP_NUM_THREADS", str(threads))
import numpy as np
import torch

torch.set_num_threads(threads)
import clip


def openai(name):
    model = clip.model.build_model(torch.load(f"{folder}/{name}.pt")).float().eval()
    return {"image": model.encode_image, "text": model.encode_text}


def open_clip_model(name):
    import open_clip

    model = open_clip.create_model({"ViT-B-32": "ViT-B-32-quickgelu", "RN50": "RN50-quickgelu"}[name]).eval()
    model.load_state_dict(torch.load(f"{folder}/{name}.pt"), strict=False)
    return {"image": model.encode_image, "text": model.encode_text}


def transformers_model(name):
    import transformers

    model = transformers.CLIPModel(transformers.CLIPConfig()).eval()  # speed does not depend on the values
    return {
        "image": lambda x: model.visual_projection(model.vision_model(pixel_values=x).pooler_output),
        "text": lambda x: model.text_projection(model.text_model(input_ids=x.long()).pooler_output),
    }


def openvino(name):
    import openvino as ov

    core = ov.Core()
    core.set_property("CPU", {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"})
    requests = {}

    def run(tower):
        def call(x):
            if tower not in requests:
                requests[tower] = core.compile_model(f"{folder}/{name}/onnx/{tower}_model.onnx", "CPU").create_infer_request()
            return requests[tower].infer({0: (x if tower == "vision" else x.long()).numpy()})[0]

        return call

    return {"image": run("vision"), "text": run("text")}


make = {"clip": openai, "open_clip": open_clip_model, "transformers": transformers_model, "openvino": openvino}[peer]
models = {}
print(json.dumps({"ready": peer}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    name, tower = request["model"], request["tower"]
    if name not in models:
        models[name] = make(name)
    size = {"RN50x4": 288}.get(name, 224)
    x = torch.randn(request["batch"], 3, size, size) if tower == "image" else clip.tokenize(request["texts"])
    with torch.inference_mode():
        start = time.perf_counter()
        models[name][tower](x)
        print(json.dumps({"ms": (time.perf_counter() - start) * 1e3}), flush=True)
