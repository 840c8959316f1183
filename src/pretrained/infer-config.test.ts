import { describe, expect, it } from 'vitest'
import { inferConfig } from './infer-config.ts'

/** What the tensors of a model of given sizes tell. */
function shapesOf(image: { width: number; preNorm?: boolean }, text: { width: number; vocabulary?: number }) {
  const shapes: [string, number[]][] = [
    ['visual.conv1.weight', [image.width, 3, 14, 14]],
    ['visual.positional_embedding', [257, image.width]],
    ['visual.proj', [image.width, 512]],
    ['visual.transformer.resblocks.0.mlp.c_fc.weight', [4 * image.width, image.width]],
    ['token_embedding.weight', [text.vocabulary ?? 49408, text.width]],
    ['positional_embedding', [77, text.width]],
    ['ln_final.weight', [text.width]],
    ['text_projection', [text.width, 512]],
    ['transformer.resblocks.0.mlp.c_fc.weight', [4 * text.width, text.width]],
  ]
  if (image.preNorm ?? true) shapes.push(['visual.ln_pre.weight', [image.width]])
  return new Map(shapes)
}

const headsOf = ({ config }: ReturnType<typeof inferConfig>) => [
  config.image!.kind === 'vision-transformer' && config.image!.heads,
  config.text!.heads,
]

describe('weights without a configuration', () => {
  // open_clip's model_configs: vision_cfg.width / head_width, and text_cfg.heads.
  it.each([
    ['ViT-H-14', 1280, 1024, [16, 16]],
    ['ViT-g-14', 1408, 1024, [16, 16]],
    ['ViT-bigG-14', 1664, 1280, [16, 20]],
    ['ViT-e-14', 1792, 1280, [16, 20]],
    ['ViT-L-14', 1024, 768, [16, 12]],
    ['ViT-B-32', 768, 512, [12, 8]],
  ])('have the heads of the published width: %s', (name, image, text, heads) => {
    const inferred = inferConfig(shapesOf({ width: image }, { width: text }), `${name}-laion2b_s32b_b79k.safetensors`)
    expect(headsOf(inferred)).toEqual(heads)
    expect(inferred.guessed).toEqual([])
    expect(inferred.config.text!.activation).toBe('gelu')
  })

  it('with notes of OpenAI have heads of 64, as its code builds them, and nothing is guessed', () => {
    const inferred = inferConfig(shapesOf({ width: 1280 }, { width: 192 }), 'openai')
    expect(headsOf(inferred)).toEqual([20, 3])
    expect(inferred.guessed).toEqual([])
  })

  it('of another width have heads of 64, which is said', () => {
    const inferred = inferConfig(shapesOf({ width: 1152 }, { width: 64 }), 'laion2b.pt')
    expect(headsOf(inferred)).toEqual([18, 1])
    expect(inferred.guessed).toEqual(['18 heads in the image encoder', '1 head in the text encoder'])
  })

  const all = [
    'QuickGELU as activation',
    '1e-5 as epsilon of LayerNorms',
    'images read at the class token',
    "CLIP's tokenizer",
    'causal attention in the text encoder',
    'texts read at the highest token id',
  ]
  it('of a name that nobody knows say all that was guessed', () => {
    const shapes = shapesOf({ width: 768 }, { width: 512 })
    expect(inferConfig(shapes, 'mine.pt').guessed).toEqual(all)
    expect(inferConfig(shapes, 'mine.pt', 'gelu').guessed).toEqual(all.slice(1))
    expect(inferConfig(shapes, 'mine.pt', 'gelu').config.text!.activation).toBe('gelu')
  })

  it('of a known name and an unusual layout or vocabulary are not taken for the known ones', () => {
    for (const shapes of [
      shapesOf({ width: 1280, preNorm: false }, { width: 1024 }),
      shapesOf({ width: 1280 }, { width: 1024, vocabulary: 32000 }),
    ]) {
      expect(inferConfig(shapes, 'vit_h14_datacomp1b.pt').guessed).toEqual(all)
    }
  })
})
