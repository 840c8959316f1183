import { expect, it } from 'vitest'
import { isArchitecture, nearestModel } from './model-names.ts'

it.each([
  ['ViT-B/33', 'ViT-B/32'],
  ['ViT-B-32', 'ViT-B/32'],
  ['vit-b/32', 'ViT-B/32'],
  ['vitb16', 'ViT-B/16'],
  ['ViT-L-14-336', 'ViT-L/14@336px'],
  ['RN-50', 'RN50'],
  ['rn50X4', 'RN50x4'],
  ['ViT-H-14', 'laion/CLIP-ViT-H-14-laion2B-s32B-b79K'],
  ['ViT-B-32/laion2b_s34b_b79k', 'laion/CLIP-ViT-B-32-laion2B-s34B-b79K'],
  ['clip-vit-base-patch32', 'openai/clip-vit-base-patch32'],
  ['openai/clip-vit-base-patch-32', 'openai/clip-vit-base-patch32'],
  ['openai/clip-vit-bsae-patch32', 'openai/clip-vit-base-patch32'],
  ['photos', undefined],
  ['my-model', undefined],
  ['someone/siglip-large', undefined],
  ['', undefined],
])('%s: %s', (typed, meant) => expect(nearestModel(typed)).toBe(meant))

it('tells an architecture from an organisation of the hub', () => {
  for (const name of ['ViT-B/33', 'vit-b/32', 'ViT-B-32/openai', 'RN50/openai', 'rn-50', 'ViT-bigG-14']) {
    expect(isArchitecture(name), name).toBe(true)
  }
  for (const name of [
    'openai/clip-vit-base-patch32',
    'vit-base/x',
    'rna-lab/clip',
    'vitality/x',
    'laion/CLIP-ViT-B-32',
  ]) {
    expect(isArchitecture(name), name).toBe(false)
  }
})
