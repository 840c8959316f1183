// An inspection as one HTML file that needs nothing else: both languages, light and dark, readable without a script.

import type { Inspection } from 'typeclip/inspect'
import { both, code, escaped } from '../html.ts'
import { seenPicture } from '../images.ts'
import { script } from '../script.ts'
import { style } from '../style.ts'
import { imageSection, type Original } from './image-section.ts'
import { overview } from './overview.ts'
import { relevanceSection } from './relevance-section.ts'
import { similaritySection } from './similarity-section.ts'
import { textSection } from './text-section.ts'

export function inspectPage(inspection: Inspection, original: Original | undefined): string {
  const { image, texts, model, config } = inspection
  const seen = image ? seenPicture(image.pixels, image.size) : undefined
  const sections = [
    image && original ? imageSection(image, inspection, original) : '',
    ...texts.map((text, i) => textSection(text, i, config.text!)),
    similaritySection(inspection),
    relevanceSection(inspection),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CLIP, step by step · ${escaped(model)}</title>
<link rel="icon" href="data:,">
<style>${style}${seen ? `.thumb,.map::before{background-image:url(${seen})}` : ''}</style>
</head>
<body>
<div class="languages" role="radiogroup" aria-label="Language / 语言"><label><input type="radio" name="language" id="language-en" checked> English</label><label><input type="radio" name="language" id="language-zh"> <span>中文</span></label></div>
<header>
<h1>${both('CLIP, step by step', 'CLIP 的前向过程')}</h1>
<p>${both(
    'What a CLIP does with an image and a text, from pixels and words to one number: every step with its shape, its formula and its place in the paper (Radford et al. 2021, <i>Learning Transferable Visual Models From Natural Language Supervision</i>).',
    'CLIP 如何处理一张图和一句话：从像素和单词到一个数，每一步都有形状、公式，以及在论文中的位置（Radford 等，2021，<i>Learning Transferable Visual Models From Natural Language Supervision</i>）。',
  )}</p>
<p class="model">${code(model)} ${facts(inspection)}</p>
${overview(inspection)}
</header>
<main>
${sections.filter(Boolean).join('\n')}
</main>
<footer>${both('Made by', '生成命令：')} ${code('typeclip inspect --html')}</footer>
<script>${script}</script>
</body>
</html>
`
}

function facts({ config, image, texts }: Inspection): string {
  const parts: string[] = []
  const { image: picture, text } = config
  if (image && picture) {
    const tower =
      picture.kind === 'vision-transformer'
        ? {
            en: `Vision Transformer, ${picture.layers} blocks, width ${picture.width}, ${picture.heads} heads, patches of ${picture.patchSize}`,
            zh: `Vision Transformer，${picture.layers} 块，宽 ${picture.width}，${picture.heads} 头，图像块 ${picture.patchSize}`,
          }
        : {
            en: `ModifiedResNet, ${picture.layers.join('+')} bottlenecks, width ${picture.width}`,
            zh: `ModifiedResNet，${picture.layers.join('+')} 个 bottleneck，宽 ${picture.width}`,
          }
    parts.push(both(`image: ${tower.en}`, `图像：${tower.zh}`))
  }
  if (texts.length && text) {
    parts.push(
      both(
        `text: Transformer, ${text.layers} blocks, width ${text.width}, ${text.heads} heads`,
        `文本：Transformer，${text.layers} 块，宽 ${text.width}，${text.heads} 头`,
      ),
    )
  }
  parts.push(both(`shared space: ${config.embedDim}`, `共享空间：${config.embedDim} 维`))
  return parts.join(' · ')
}
