// The names under which open_clip and Hugging Face keep a model's weights, the preferred ones first.

export const weightFiles = [
  'open_clip_model.safetensors',
  'model.safetensors',
  'model.safetensors.index.json',
  'open_clip_pytorch_model.bin',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
]

/** Where in a repository they are: at its root, or where sentence-transformers puts the CLIP of a model of several parts. */
export const weightFolders = ['', '0_CLIPModel/']
