import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromHuggingFace } from './hugging-face.ts'
import { fromOpenClip } from './open-clip.ts'

const golden = JSON.parse(readFileSync(new URL('../../fixtures/configs.json', import.meta.url), 'utf8')) as {
  open_clip: Record<string, { vision_cfg: { layers: unknown; width: number }; text_cfg: { heads: number } }>
  families: Record<string, string | null>
}
const messageOf = (run: () => unknown): string | undefined => {
  try {
    run()
    return undefined
  } catch (error) {
    expect(error).toMatchObject({ name: 'CheckpointError' })
    return (error as Error).message
  }
}

describe("open_clip's configurations", () => {
  const all = Object.entries(golden.open_clip)
  const accepted = all.filter(([name, json]) => messageOf(() => fromOpenClip(json, name)) === undefined)

  it('are plain ViTs and ResNets where they are built', () => {
    expect(accepted).toHaveLength(41)
    for (const [name, json] of accepted) {
      expect(name).toMatch(/^(ViT|RN)/)
      const { image, text } = fromOpenClip(json, name)
      expect([image!.width, text!.heads]).toEqual([json.vision_cfg.width, json.text_cfg.heads])
    }
  })

  it('are refused by the name of a field otherwise', () => {
    const refused = all.filter((entry) => !accepted.includes(entry))
    expect(refused).toHaveLength(144 - 41)
    for (const [name, json] of refused) {
      expect(messageOf(() => fromOpenClip(json, name))).toMatch(
        /field (timm_model_name|hf_model_name|hf_tokenizer_name|multimodal_cfg|no_causal_mask|pool_type|act_kwargs|embed_cls|proj_bias|tokenizer_kwargs|ls_init_value|attentional_pool|proj_type)/,
      )
    }
  })

  const usual = golden.open_clip['ViT-B-32']!
  it.each([
    ['text_cfg', { text_arch: 'modern' }, /text_cfg: field text_arch asks for "modern"/],
    ['text_cfg', { attention_mode: 'x' }, /text_cfg: field attention_mode \("x"\) is not one that typeclip knows/],
    ['vision_cfg', { image_seq_len: 128 }, /vision_cfg: field image_seq_len \(128\)/],
    ['vision_cfg', { ls_init_value: 0.1 }, /vision_cfg: field ls_init_value/],
    ['vision_cfg', { qk_norm: true }, /field qk_norm/],
    ['vision_cfg', { scale_fc: true }, /field scale_fc/],
    ['vision_cfg', { output_tokens: true }, /field output_tokens/],
    ['vision_cfg', { norm_kwargs: { eps: 1e-6, bias: false } }, /norm_kwargs: field bias/],
    ['vision_cfg', { head_width: 100 }, /image encoder is 768 wide and has 7 heads/],
    ['text_cfg', { heads: 7 }, /text encoder is 512 wide and has 7 heads; the number of heads must divide the width/],
    ['text_cfg', { heads: 0 }, /has 0 heads/],
  ])('%s of %o is refused', (tower, changed, message) => {
    const json = { ...usual, [tower]: { ...usual[tower as 'text_cfg'], ...changed } }
    expect(messageOf(() => fromOpenClip(json, 'x'))).toMatch(message)
  })

  it('of a field at the top that nobody knows are refused', () => {
    expect(messageOf(() => fromOpenClip({ ...usual, fusion: 'late' }, 'x'))).toMatch('field fusion ("late")')
    expect(messageOf(() => fromOpenClip({ ...usual, fusion: null }, 'x'))).toBeUndefined()
  })
})

describe("transformers' configurations", () => {
  const usual = { model_type: 'clip', architectures: ['CLIPModel'], text_config: {}, vision_config: {} }

  it.each(Object.entries(golden.families))('%s is refused by its name', (name, architecture) => {
    const json = { model_type: name, architectures: [architecture], text_config: {}, vision_config: {} }
    expect(messageOf(() => fromHuggingFace(json, 'config.json'))).toMatch(
      `config.json: field model_type must be one of those that typeclip builds (clip, clip_vision_model, clip_text_model); found "${name}"`,
    )
  })

  it.each([
    [{ architectures: ['CLIPForImageClassification'] }, /architectures names CLIPForImageClassification/],
    [{ auto_map: { AutoModel: 'x.Y' } }, /field auto_map/],
    [{ quantization_config: { bits: 4 } }, /field quantization_config/],
    [{ vision_model: 'eva' }, /field vision_model \("eva"\) is not one/],
    [{ text_config: { rope_theta: 1e4 } }, /text_config: field rope_theta \(10000\)/],
    [{ vision_config: { use_head: true } }, /vision_config: field use_head/],
    [{ vision_config: { pruned_heads: { 1: [2] } } }, /pruned_heads is not empty/],
    [{ vision_config: { hidden_size: 100, num_attention_heads: 3 } }, /image encoder is 100 wide and has 3 heads/],
    [{ text_config: { num_attention_heads: 5 } }, /text encoder is 512 wide and has 5 heads/],
  ])('%o is refused', (changed, message) => {
    expect(messageOf(() => fromHuggingFace({ ...usual, ...changed }, 'config.json'))).toMatch(message)
  })

  it('may say what transformers writes anyway', () => {
    const json = { ...usual, return_dict: true, text_config: { pruned_heads: {}, bos_token_id: 0, top_k: 50 } }
    expect(fromHuggingFace(json, 'config.json').text).toMatchObject({ width: 512, pool: 'end' })
  })
})
