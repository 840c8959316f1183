// Published configurations and names, read into ours.

export { fromHuggingFace } from './hugging-face.ts'
export { fromOpenClip } from './open-clip.ts'
