// File names in open_clip's and Hugging Face's model folders.

/** Weights, in order of preference. */
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

/** The files of a Hugging Face tokenizer. */
export const tokenizerFiles = [
  'tokenizer.json',
  'vocab.json',
  'merges.txt',
  'added_tokens.json',
  'special_tokens_map.json',
  'tokenizer_config.json',
] as const
