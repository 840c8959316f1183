import { describe, expect, it } from 'vitest'
import { resolveNaming, toHuggingFace } from './tensor-names.ts'

const plain = [
  'visual.conv1.weight',
  'visual.transformer.resblocks.11.attn.in_proj_weight',
  'visual.proj',
  'token_embedding.weight',
  'transformer.resblocks.0.mlp.c_fc.bias',
  'text_projection',
  'logit_scale',
]

describe('resolveNaming', () => {
  it('takes open_clip names as they are', () => {
    const { naming, sources } = resolveNaming(plain)
    expect(naming).toBe('open_clip')
    expect([...sources.keys()]).toEqual(plain)
    expect(sources.get('visual.proj')).toEqual({ names: ['visual.proj'], how: 'same' })
  })

  it("says openai if OpenAI's extra entries are beside the weights, and drops them", () => {
    const { naming, sources } = resolveNaming([...plain, 'input_resolution', 'context_length', 'vocab_size'])
    expect(naming).toBe('openai')
    expect(sources.size).toBe(plain.length)
  })

  it('puts q, k and v together and turns projections', () => {
    const { naming, sources } = resolveNaming([
      'vision_model.embeddings.patch_embedding.weight',
      'vision_model.embeddings.position_ids',
      'vision_model.encoder.layers.3.self_attn.v_proj.weight',
      'vision_model.encoder.layers.3.self_attn.k_proj.weight',
      'vision_model.encoder.layers.3.self_attn.q_proj.weight',
      'vision_model.pre_layrnorm.bias',
      'visual_projection.weight',
    ])
    expect(naming).toBe('hf')
    expect(Object.fromEntries(sources)).toEqual({
      'visual.conv1.weight': { names: ['vision_model.embeddings.patch_embedding.weight'], how: 'same' },
      'visual.transformer.resblocks.3.attn.in_proj_weight': {
        names: ['q', 'k', 'v'].map((part) => `vision_model.encoder.layers.3.self_attn.${part}_proj.weight`),
        how: 'concat',
      },
      'visual.ln_pre.bias': { names: ['vision_model.pre_layrnorm.bias'], how: 'same' },
      'visual.proj': { names: ['visual_projection.weight'], how: 'transpose' },
    })
  })

  it('strips wrappers and leaves what is beside them', () => {
    const { sources } = resolveNaming([
      ...plain.map((name) => `state_dict.module.${name}`),
      'optimizer.state.0.exp_avg',
      ...plain.map((name) => `ema.${name}`),
    ])
    expect([...sources.keys()]).toEqual(plain)
    expect(sources.get('logit_scale')).toEqual({ names: ['state_dict.module.logit_scale'], how: 'reshape' })
  })

  it('finds the text encoder under text.', () => {
    const { naming, sources } = resolveNaming([
      'visual.conv1.weight',
      'text.token_embedding.weight',
      'text.ln_final.bias',
    ])
    expect(naming).toBe('open_clip-custom-text')
    expect(sources.get('ln_final.bias')?.names).toEqual(['text.ln_final.bias'])
  })

  it('knows every tensor of a modified ResNet', () => {
    const names = [
      'visual.conv1.weight',
      'visual.bn3.running_var',
      'visual.bn3.num_batches_tracked',
      'visual.layer3.22.conv2.weight',
      'visual.layer1.0.downsample.0.weight',
      'visual.layer1.0.downsample.1.running_mean',
      'visual.attnpool.c_proj.bias',
      'visual.attnpool.positional_embedding',
    ]
    expect(resolveNaming(names).sources.size).toBe(names.length)
  })

  it('refuses what is not CLIP, by name', () => {
    expect(() => resolveNaming([])).toThrow('holds no tensors')
    expect(() => resolveNaming(['fc.weight', 'fc.bias'])).toThrow("the first are 'fc.weight', 'fc.bias'")
    expect(() => resolveNaming(['text.token_embedding.weight', 'visual.trunk.blocks.0.attn.qkv.weight'])).toThrow(
      "'visual.trunk.blocks.0.attn.qkv.weight'",
    )
    expect(() => resolveNaming([...plain, 'logit_scale2'])).toThrow('1 of 8 tensors are not part of CLIP')
    expect(() => resolveNaming(['a.visual.conv1.weight', 'b.visual.conv1.weight'])).toThrow('holds 2 models')
    expect(() =>
      resolveNaming([
        'vision_model.embeddings.patch_embedding.weight',
        'vision_model.encoder.layers.0.self_attn.q_proj.weight',
        'visual_projection.weight',
      ]),
    ).toThrow("has no 'vision_model.encoder.layers.0.self_attn.k_proj.weight'")
  })
})

describe('what tensors that are none of CLIP’s tell', () => {
  const image = 'vision_model.embeddings.patch_embedding.weight'
  const text = 'text_model.embeddings.token_embedding.weight'
  it.each([
    [
      [image, 'classifier.weight', 'classifier.bias'],
      /'classifier.weight', 'classifier.bias'\. They are a classifier on/,
    ],
    [[image, text, 'logit_bias', 'vision_model.head.probe'], /This is SigLIP/],
    [['visual.trunk.norm.weight', 'text.token_embedding.weight'], /one of timm's/],
    [['visual.conv1.weight', 'text.transformer.embeddings.word_embeddings.weight'], /is a BERT or a relative/],
    [['visual.conv1.weight', 'text.token_embedding.weight', 'text_decoder.ln_final.weight'], /This is CoCa/],
    [['visual.conv1.weight', 'visual.transformer.resblocks.0.ls_1.gamma'], /layer scale \(`ls_init_value`/],
    [['visual.conv1.weight', 'positional_embedding_res'], /This is LongCLIP/],
    [[image, text, 'decoder.film_mul.weight'], /CLIPSeg/],
    [['base_model.model.vision_model.encoder.layers.0.self_attn.q_proj.lora_A.weight'], /They are an adapter \(LoRA\)/],
    [['visual.conv1.weight', 'extra.weight'], /'extra.weight'\. Such a model typeclip does not have/],
  ])('%j', (names, message) => {
    expect(() => resolveNaming(names)).toThrow(message)
  })

  it.each([
    // Until transformers 5.5, and since 5.6.
    [[text, 'text_model.final_layer_norm.weight'], 'CLIPTextModel: the text encoder', 'text_projection.weight'],
    [['embeddings.token_embedding.weight', 'final_layer_norm.weight'], 'CLIPTextModel: the text', 'text_projection'],
    [[image, 'vision_model.post_layernorm.weight'], 'CLIPVisionModel: the image encoder', 'visual_projection.weight'],
    [['embeddings.patch_embedding.weight', 'post_layernorm.weight'], 'CLIPVisionModel: the image', 'visual_projection'],
  ])('an encoder without its projection is named: %j', (names, kind, projection) => {
    expect(() => resolveNaming(names)).toThrow(`this is a ${kind}`)
    expect(() => resolveNaming(names)).toThrow(`without its projection (${projection}`)
    expect(() => resolveNaming(names)).toThrow('no joint embedding of images and texts')
  })
})

it('names every canonical tensor of a vision transformer as Hugging Face does', () => {
  expect(toHuggingFace('transformer.resblocks.7.attn.in_proj_bias')?.names).toEqual([
    'text_model.encoder.layers.7.self_attn.q_proj.bias',
    'text_model.encoder.layers.7.self_attn.k_proj.bias',
    'text_model.encoder.layers.7.self_attn.v_proj.bias',
  ])
  expect(toHuggingFace('visual.layer1.0.conv1.weight')).toBeUndefined()
})
