// The models of the training benchmarks, as typeclip describes them; the scripts in Python build the same.

const transformer = (width, layers, heads) => ({
  width,
  layers,
  heads,
  mlpWidth: 4 * width,
  activation: 'quickgelu',
  layerNormEpsilon: 1e-5,
})
const vit = { kind: 'vision-transformer', preNorm: true, pool: 'token', normAfterPool: true }
const text = { vocabularySize: 49408, pool: 'argmax', endId: 49407 }
const base = { ...text, ...transformer(512, 12, 8), contextLength: 77 }

export const models = {
  vit: { embedDim: 512, image: { ...vit, ...transformer(768, 12, 12), imageSize: 224, patchSize: 32 }, text: base },
  rn50: {
    embedDim: 1024,
    image: { kind: 'modified-resnet', imageSize: 224, width: 64, layers: [3, 4, 6, 3], heads: 32 },
    text: base,
  },
  small: {
    embedDim: 256,
    image: { ...vit, ...transformer(256, 6, 4), imageSize: 64, patchSize: 8 },
    text: { ...text, ...transformer(256, 4, 4), contextLength: 32 },
  },
}

export const preprocessingOf = ({ image }) => ({
  size: image.imageSize,
  order: 'openai',
  mode: 'shortest',
  interpolation: 'bicubic',
  mean: [0.48, 0.46, 0.41],
  std: [0.27, 0.26, 0.28],
})
