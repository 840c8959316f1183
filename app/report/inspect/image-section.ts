// The image encoder on the page: the image, its patches, attention over it, its embedding.

import type { Attention, ImagePass, Inspection } from 'typeclip/inspect'
import { columns, embeddingBars } from '../charts.ts'
import { both, code, type Html, html, type Part, percent } from '../html.ts'
import { heatMap, highest, modelImage, patchImage, similarityMatrix } from '../images.ts'
import { type BlockView, blockViews } from './blocks.ts'
import { stageTable } from './stage-table.ts'
import { stageNamed, step } from './step.ts'

/** The image before preprocessing, and how it was preprocessed. */
export interface Original {
  /** The file as a data URL; undefined if browsers do not show its format, or it is large. */
  url?: string | undefined
  /** Whether the EXIF orientation was applied. */
  upright: boolean
  /** `shortest`: resized and cropped; `longest`: resized and padded; `squash`: resized to a square. */
  mode: 'shortest' | 'longest' | 'squash'
  /** The shorter side after resizing. */
  resized: number | 'none'
}

export function imageSection(image: ImagePass, { config }: Inspection, original: Original): Html {
  const stage = (name: string) => stageNamed(image.stages, `visual.${name}`)
  const transformer = image.kind === 'vision-transformer'
  const [rows, columnCount] = image.grid
  const encoder = config.image!
  const average = encoder.kind === 'vision-transformer' && encoder.pool === 'average'
  const patches = [
    step({
      en: 'Patches become vectors',
      zh: '图像块变成向量',
      text: {
        en: `The image is cut into ${rows} × ${columnCount} patches of ${image.patchSize}×${image.patchSize} pixels. One matrix turns each patch into a vector: a convolution whose stride equals its kernel size.`,
        zh: `把图像切成 ${rows} × ${columnCount} 个 ${image.patchSize}×${image.patchSize} 像素的图像块，用同一个矩阵把每块变成一个向量：即步长等于核大小的卷积。`,
      },
      formula: `[3, ${image.size}, ${image.size}] → conv1 → [width, ${rows}, ${columnCount}] → [${rows * columnCount}, width]`,
      paper: '§2.4',
      stages: [stage('conv1'), stage('patches')],
      figure: html`<img class="image pixelated" alt="" src="${patchImage(image.pixels, image.size, image.patchSize)}">`,
    }),
    step({
      en: 'A class token, and positions',
      zh: 'class token 与位置编码',
      text: {
        en: 'A learned vector, the class token, is put before the patches: the embedding will be read there. Then a learned vector is added for each position, since attention does not know the order.',
        zh: '在图像块之前放一个可学习的向量，最后从它那里读出嵌入；再给每个位置加上可学习的位置向量，因为注意力本身不知道顺序。',
      },
      formula: 'x = ln_pre([x_class; x₁; …] + E_pos)',
      paper: '§2.4',
      stages: [stage('class_embedding'), stage('positional_embedding'), stage('ln_pre')],
      figure: image.learned && learnedFigure(image.learned, rows * columnCount + 1),
    }),
  ]
  const convolutions = step({
    en: 'Convolutions, stage by stage',
    zh: '逐级卷积',
    text: {
      en: 'A stem of three convolutions and four stages of bottlenecks make the feature map smaller and add channels. Average pooling takes the place of strides, so that no pixel is skipped.',
      zh: '三个卷积组成的主干和四级 bottleneck 让特征图越来越小、通道越来越多；用平均池化代替跨步，不跳过任何像素。',
    },
    paper: '§2.4',
    stages: ['avgpool', 'layer1', 'layer2', 'layer3', 'layer4'].map(stage),
    figure: growth(image, /layer\d$/),
  })
  return html`<section id="image"><h2>${both('The image encoder', '图像编码器')} ${code('encodeImage')}</h2>${[
    step({
      en: 'The image, and what the model sees of it',
      zh: '原图像，以及模型看到的部分',
      text: {
        en: `${preparation[original.mode].en} ${image.size}×${image.size} pixels are all that the model sees. Then every byte is divided by 255; each channel’s mean is subtracted, and it is divided by its standard deviation.`,
        zh: `${preparation[original.mode].zh}模型看到的只有 ${image.size}×${image.size} 像素。随后每个字节除以 255，再按通道减均值、除以标准差。`,
      },
      formula: 'x = (pixel / 255 − mean) / std',
      figure: images(image, original),
    }),
    transformer ? patches : convolutions,
    step({
      en: transformer ? 'Attention, block by block' : 'The attention pool',
      zh: transformer ? '逐块看注意力' : '注意力池化',
      text: transformer
        ? {
            en: `In each block the positions first exchange information (attention), then each is computed by itself (MLP). The maps show how much ${average ? 'all positions together take' : 'the class token takes'} from each patch: brighter is more. Each map has its own scale; its highest weight is written below it. Select a block to see its heads.`,
            zh: `每一块先让各位置交换信息（注意力），再对每个位置单独计算（MLP）。图中显示${average ? '所有位置平均' : ' class token '}从每个图像块取多少，越亮越多；每张图各自定标，最大权重写在下面。选中某一块可看它的各个头。`,
          }
        : {
            en: 'The query is the mean over the feature map; every place has a key and a value. The maps show how much each head takes from each place.',
            zh: '查询向量是整个特征图的平均，每个位置各有键和值。图中是各个头从每个位置取多少。',
          },
      formula: 'softmax(Q Kᵀ / √d) V',
      paper: '§2.4',
      stages: image.attention.length ? [stageNamed(image.stages, image.attention.at(-1)!.name)] : [],
      figure: [
        blockViews(
          image.attention.map((attention) => view(attention, image, average)),
          'image-blocks',
        ),
        transformer && growth(image, /resblocks\.\d+$/),
      ],
    }),
    step({
      en: 'The image embedding',
      zh: '图像嵌入',
      text: {
        en: `${average ? 'The mean of the patches' : transformer ? 'The class token' : 'The output of the pool'} is projected into the space that images and texts share: ${image.embedding.length} numbers, here as bars.`,
        zh: `${average ? '图像块的平均' : transformer ? 'class token' : '注意力池化的结果'}被线性投影到图像与文本共享的空间：${image.embedding.length} 个数，如下图。`,
      },
      formula: 'I_e = normalize(I_f · W_i)',
      paper: 'Figure 3',
      stages: [stage('ln_post'), stage('proj') ?? stage('attnpool')],
      figure: embeddingBars(image.embedding, 'image'),
    }),
    stageTable(image.stages, 'image-stages'),
  ]}</section>`
}

function learnedFigure({ classToken, positions }: NonNullable<ImagePass['learned']>, rows: number): Html {
  return html`<h4>${both('The class token', 'class token')}</h4>${embeddingBars(classToken, 'image')}<h4>${both('The position embeddings: cosine of each with each other', '位置嵌入：两两之间的余弦')}</h4><span class="matrix positions"><img alt="" src="${similarityMatrix(positions, rows)}"></span><p class="small">${both(
    `${rows} × ${rows}: first the position of the class token, then the patches row by row. Darkest is 1. In a trained model neighbours are similar, which shows as bands; their distance is the length of a row of patches.`,
    `${rows} × ${rows}：先是 class token 的位置，然后是逐行的图像块；最深为 1。训练好的模型里，相邻位置彼此相似，因此出现间隔为一行图像块的条纹。`,
  )}</p>`
}

const preparation = {
  shortest: {
    en: 'The image is resized until its shorter side fits (bicubic), and its middle is cut out: the dimmed part is not seen.',
    zh: '先把短边缩放到合适大小（双三次插值），再从中间裁出正方形：变暗的部分模型看不到。',
  },
  longest: {
    en: 'The image is resized until its longer side fits, and padded to a square.',
    zh: '把长边缩放到合适大小，再填充成正方形。',
  },
  squash: {
    en: 'The image is resized to a square, whatever its proportions.',
    zh: '不保持比例，直接缩放成正方形。',
  },
}

function images({ pixels, size }: ImagePass, { url, upright, mode, resized }: Original): Html {
  const original = url
    ? html`<figure><div class="original" data-mode="${mode}" data-size="${size}" data-resized="${resized}"><img alt="" src="${url}"${!upright && html` style="image-orientation:none"`}><i></i></div><figcaption>${both('original', '原图像')}</figcaption></figure>`
    : html`<p class="small">${both('The file itself is not shown here: it is large, or browsers do not show its format.', '这里没有嵌入原文件：它太大，或浏览器不支持其格式。')}</p>`
  return html`<div class="pair">${original}<figure><img class="image${size < 160 && ' pixelated'}" alt="" src="${modelImage(pixels, size)}"><figcaption>${both(`what the model sees: ${size}×${size}`, `模型看到的：${size}×${size}`)}</figcaption></figure></div>`
}

/** For each head, how much the embedding takes from each place: the first row of the weights, or the mean over all rows. */
function readWeights({ heads, rows, columns, weights }: Attention, average: boolean): Float32Array[] {
  const count = average ? rows : 1
  return Array.from({ length: heads }, (_, head) => {
    const taken = new Float32Array(columns)
    for (let row = 0; row < count; row++) {
      for (let i = 0; i < columns; i++) taken[i]! += weights[(head * rows + row) * columns + i]! / count
    }
    return taken
  })
}

function view(attention: Attention, { kind, grid: [rows, columns] }: ImagePass, average: boolean): BlockView {
  const first =
    kind === 'modified-resnet'
      ? { en: 'the mean', zh: '平均' }
      : average
        ? { en: 'class', zh: ' class' }
        : { en: 'itself', zh: '自己' }
  const heads = readWeights(attention, average)
  const mean = heads[0]!.map((_, i) => heads.reduce((sum, weights) => sum + weights[i]! / heads.length, 0))
  const draw = (weights: Float32Array) => {
    const places = weights.subarray(1)
    return {
      map: html`<span class="map"><img alt="" src="${heatMap(places, rows, columns)}"></span>`,
      caption: both(
        `highest ${percent(highest(places))}, on ${first.en} ${percent(weights[0]!)}`,
        `最大 ${percent(highest(places))}，给${first.zh} ${percent(weights[0]!)}`,
      ),
    }
  }
  return {
    mean: draw(mean),
    heads: heads.map((weights, head) => {
      const { map, caption } = draw(weights)
      return { map, caption: html`${both(`head ${head}`, `头 ${head}`)}: ${caption}` }
    }),
  }
}

/** How the size of the vectors grows from block to block. */
export function growth({ stages }: { stages: ImagePass['stages'] }, pattern: RegExp): Part {
  const blocks = stages.filter(({ name }) => pattern.test(name))
  if (blocks.length < 2) return undefined
  const sizes = blocks.map(({ norm, shape }) => norm / Math.sqrt(shape.reduce((a, b) => a * b)))
  const labels = blocks.map(({ name }) => name.match(/(\d+)$/)![1]!)
  return html`<h4>${both('Size of the numbers after each (root mean square)', '每一步之后数值的大小（均方根）')}</h4>${columns(sizes, labels)}`
}
