// An inspection as one HTML file: both encoders step by step, their similarity, and why they match.

import type { Inspection } from 'typeclip/inspect'
import { reportDocument } from '../document.ts'
import { both, code, type Html, html, joined } from '../html.ts'
import { modelImage } from '../images.ts'
import { imageSection, type Original } from './image-section.ts'
import { overview } from './overview.ts'
import { relevanceSection } from './relevance-section.ts'
import { similaritySection } from './similarity-section.ts'
import { textSection } from './text-section.ts'

export function inspectPage(inspection: Inspection, original: Original | undefined): string {
  const { image, texts, model, config } = inspection
  const sections = [
    image && original && imageSection(image, inspection, original),
    ...texts.map((text, i) => textSection(text, i, config.text!)),
    similaritySection(inspection),
    relevanceSection(inspection),
  ]
  const paper = html`<i>Learning Transferable Visual Models From Natural Language Supervision</i>`
  return reportDocument({
    title: `CLIP, step by step · ${model}`,
    style: image ? `.thumb,.map::before{background-image:url(${modelImage(image.pixels, image.size)})}` : '',
    header: html`<h1>${both('CLIP, step by step', 'CLIP 的前向过程')}</h1>
<p>${both(
      html`What CLIP does with an image and a text, from pixels and words to one number: every step with its shape, its formula and its place in the paper (Radford et al. 2021, ${paper}).`,
      html`CLIP 如何处理一张图像和一段文本：从像素和单词到一个数，每一步都有形状、公式，以及在论文中的位置（Radford 等，2021，${paper}）。`,
    )}</p>
<p class="model">${code(model)} ${facts(inspection)}</p>
${overview(inspection)}`,
    main: joined(
      sections.filter((section) => section !== undefined),
      '\n',
    ),
    madeBy: 'typeclip inspect --html',
  })
}

function facts({ config: { image: encoder, text, embedDim }, image, texts }: Inspection): Html {
  const parts: Html[] = []
  if (image && encoder?.kind === 'vision-transformer') {
    const { layers, width, heads, patchSize } = encoder
    parts.push(
      both(
        `image: Vision Transformer, ${layers} blocks, width ${width}, ${heads} heads, patches of ${patchSize}`,
        `图像：Vision Transformer，${layers} 块，宽 ${width}，${heads} 头，图像块 ${patchSize}`,
      ),
    )
  } else if (image && encoder?.kind === 'modified-resnet') {
    const bottlenecks = encoder.layers.join('+')
    parts.push(
      both(
        `image: ModifiedResNet, ${bottlenecks} bottlenecks, width ${encoder.width}`,
        `图像：ModifiedResNet，${bottlenecks} 个 bottleneck，宽 ${encoder.width}`,
      ),
    )
  }
  if (texts.length > 0 && text) {
    parts.push(
      both(
        `text: Transformer, ${text.layers} blocks, width ${text.width}, ${text.heads} heads`,
        `文本：Transformer，${text.layers} 块，宽 ${text.width}，${text.heads} 头`,
      ),
    )
  }
  return joined([...parts, both(`shared space: ${embedDim}`, `共享空间：${embedDim} 维`)], ' · ')
}
