"""JPEG files to embeddings: OpenAI's clip behind a DataLoader with two workers.   python files.py FILE.pt FOLDER"""
import pathlib, sys, time, warnings

warnings.filterwarnings("ignore")
import clip, torch
from PIL import Image

torch.set_num_threads(2)
model = clip.model.build_model(torch.load(sys.argv[1])).float().eval()
prepare = clip.clip._transform(224)
files = sorted(pathlib.Path(sys.argv[2]).glob("*.jpg"))


class Files(torch.utils.data.Dataset):
    def __len__(self):
        return len(files)

    def __getitem__(self, i):
        return prepare(Image.open(files[i]))


with torch.inference_mode():
    model.encode_image(torch.randn(16, 3, 224, 224))
    start = time.perf_counter()
    for batch in torch.utils.data.DataLoader(Files(), batch_size=16, num_workers=2):
        model.encode_image(batch)
    print(len(files) / (time.perf_counter() - start))
