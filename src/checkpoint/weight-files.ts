// File names of weights in open_clip's and Hugging Face's model folders, in order of preference.

export const weightFiles = [
  'open_clip_model.safetensors',
  'model.safetensors',
  'model.safetensors.index.json',
  'open_clip_pytorch_model.bin',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
]

/** Their folders in a repository: its root, or the one where sentence-transformers puts the CLIP of a model with several parts. */
export const weightFolders = ['', '0_CLIPModel/']
