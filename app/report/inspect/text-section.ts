// The text tower on the page: tokens, the causal mask, where the embedding is read, attention, the embedding.

import type { TextTowerConfig } from 'typeclip'
import { type Attention, meanOverHeads, type TextPass, type Token } from 'typeclip/inspect'
import { embeddingBars } from '../charts.ts'
import { both, code, escaped, percent } from '../html.ts'
import { weightMatrix } from '../images.ts'
import { type BlockView, blockViews } from './blocks.ts'
import { growth } from './image-section.ts'
import { stageTable } from './stage-table.ts'
import { stageNamed, step } from './step.ts'

/** The first text is walked through in full; the others open when they are asked for. */
export function textSection(text: TextPass, index: number, tower: TextTowerConfig): string {
  const body = walk(text, index, tower)
  const title = `<h2>${both('The text encoder', '文本编码器')} ${code('encodeText')}</h2><blockquote>${escaped(text.text)}</blockquote>`
  const shown = index === 0 ? title + body : `<details><summary>${title}</summary>${body}</details>`
  return `<section id="text-${index}" class="text">${shown}</section>`
}

function walk(text: TextPass, index: number, { contextLength, vocabularySize }: TextTowerConfig): string {
  const { stages, tokens, readAt, attention, embedding } = text
  const stage = (name: string) => stageNamed(stages, name)
  const end = tokens[readAt]!
  return (
    step({
      en: 'Tokens',
      zh: '分词',
      text: {
        en: `The text is cleaned and lower-cased, and byte-pair encoding cuts it into pieces of a vocabulary of ${vocabularySize.toLocaleString('en-US')}; a start and an end token go around them. ${tokens.length} of at most ${contextLength} positions are used. The reference fills the rest with 0; nothing after the end can matter, so it is not computed here.`,
        zh: `文本先清洗并转为小写，再用 BPE（byte-pair encoding）切成词表（${vocabularySize} 项）中的片段，首尾各加一个特殊词元。最多 ${contextLength} 个位置，这里用了 ${tokens.length} 个；参考实现用 0 补齐其余位置，但结束符之后的内容不会产生影响，所以这里不计算。`,
      },
      paper: '§2.4',
      figure: `<ol class="tokens" start="0">${tokens.map((token, i) => tokenCard(token, i, i === readAt)).join('')}</ol>`,
    }) +
    step({
      en: 'Tokens become vectors, with positions',
      zh: '词元变成向量，并加上位置',
      text: {
        en: 'Each id picks its row of a learned table, and each place adds its learned vector.',
        zh: '每个 id 从可学习的词表矩阵取出一行，再加上该位置的可学习向量。',
      },
      formula: 'x_i = E[id_i] + P[i]',
      paper: '§2.4',
      stages: [stage('token_embedding'), stage('positional_embedding')],
    }) +
    step({
      en: 'The causal mask',
      zh: '因果 mask',
      text: {
        en: 'No token may look at a later one: −∞ is added to those scores, and the softmax makes 0 of it. CLIP keeps it so that the encoder could start from a language model, or be trained as one beside. Only the last token has seen the whole text.',
        zh: '任何词元都不能看它右边的词元：在这些分数上加 −∞，softmax 之后就是 0。CLIP 保留它，是为了能用预训练语言模型初始化，或同时训练语言模型目标。只有最后一个词元看到了整句话。',
      },
      formula: 'softmax(Q Kᵀ / √d + mask)',
      paper: '§2.4',
      stages: [stage('attn_mask')],
      figure: maskTable(text),
    }) +
    step({
      en: 'Attention, block by block',
      zh: '逐块看注意力',
      text: {
        en: 'Rows are the tokens that look, columns those looked at, darkest is 1. Below: how much the position that is read takes from each token, the mean of the heads. Much of it often goes to the first token, an attention sink.',
        zh: '行是在“看”的词元，列是被看的词元，最深为 1。下表：被读取的位置从每个词元取多少（各头平均）。第一个词元往往占得很多，起到“注意力汇聚点”（attention sink）的作用。',
      },
      paper: '§2.4',
      stages: attention.length ? [stageNamed(stages, attention.at(-1)!.name)] : [],
      figure:
        blockViews(attention.map(view), `text-blocks-${index}`) + readTable(text) + growth(text, /resblocks\.\d+$/),
    }) +
    step({
      en: 'Where it is read',
      zh: '从哪里读取',
      text:
        text.pool === 'argmax'
          ? {
              en: `The embedding is read at the highest id of the sequence. That is end-of-text, ${code(`argmax(ids) = ${readAt}`)}, whose id ${end.id} is the vocabulary’s last.`,
              zh: `嵌入从序列中 id 最大的位置读取，也就是结束符：${code(`argmax(ids) = ${readAt}`)}，它的 id ${end.id} 是词表中最后一个。`,
            }
          : {
              en: `The embedding is read at the first end-of-text token, id ${end.id}: position ${readAt}.`,
              zh: `嵌入从第一个结束符（id ${end.id}）处读取：位置 ${readAt}。`,
            },
      formula: 'T_f = ln_final(x)[end of text]',
      paper: '§2.4',
      stages: [stage('ln_final'), stage('pooled')],
    }) +
    step({
      en: 'The text embedding',
      zh: '文本嵌入',
      text: {
        en: `One matrix takes it to the space that images and texts share: ${embedding.length} numbers.`,
        zh: `再用一个矩阵投影到图像与文本共享的空间：${embedding.length} 个数。`,
      },
      formula: 'T_e = normalize(T_f · W_t)',
      paper: 'Figure 3',
      stages: [stage('text_projection')],
      figure: embeddingBars(embedding, 'text'),
    }) +
    `${stageTable(stages, `text-stages-${index}`)}`
  )
}

function tokenCard({ id, piece, text }: Token, position: number, read: boolean): string {
  const plain = piece.replace(/<\/w>$/, '')
  const meaning = text && text !== plain && !text.includes('�') ? `<small>${escaped(text)}</small>` : ''
  return (
    `<li${read ? ' class="read"' : ''}><b>${escaped(plain)}${piece.endsWith('</w>') ? '<i>&lt;/w&gt;</i>' : ''}</b>` +
    `${meaning}<span>${id}</span><span class="place">${position}${read ? ` ${both('← read', '← 读取')}` : ''}</span></li>`
  )
}

/** A token as a heading of a table. */
const headingOf = ({ piece, text }: Token): string =>
  escaped((text && !text.includes('�') ? text : piece.replace(/<\/w>$/, '')).replace(/^<\|(.*)\|>$/, '⟨$1⟩'))

function maskTable({ tokens, mask, readAt }: TextPass): string {
  const length = tokens.length
  const rows = tokens.map((token, row) => {
    const cells = Array.from(mask.subarray(row * length, (row + 1) * length), (x) =>
      x === 0 ? '<td class="may">0</td>' : '<td class="not">−∞</td>',
    )
    return `<tr${row === readAt ? ' class="read"' : ''}><th scope="row">${headingOf(token)}</th>${cells.join('')}</tr>`
  })
  return wide(`<table class="grid"><tbody>${rows.join('')}</tbody></table>`)
}

function view({ heads, rows, columns, weights }: Attention): BlockView {
  const area = rows * columns
  const each = Array.from({ length: heads }, (_, head) => weights.subarray(head * area, (head + 1) * area))
  const mean = Float32Array.from({ length: area }, (_, i) => each.reduce((sum, head) => sum + head[i]! / heads, 0))
  const map = (matrix: Float32Array) =>
    `<span class="matrix"><img alt="" src="${weightMatrix(matrix, rows, columns)}"></span>`
  return {
    mean: { map: map(mean), caption: '' },
    heads: each.map((matrix, head) => ({ map: map(matrix), caption: both(`head ${head}`, `头 ${head}`) })),
  }
}

function readTable({ tokens, readAt, attention }: TextPass): string {
  const rows = attention.map((block, i) => {
    const cells = Array.from(
      meanOverHeads(block, readAt),
      (x) => `<td style="--weight:${Math.sqrt(x).toFixed(3)}">${percent(x)}</td>`,
    )
    return `<tr><th scope="row">${both(`block ${i}`, `第 ${i} 块`)}</th>${cells.join('')}</tr>`
  })
  const heads = tokens.map((token) => `<th scope="col">${headingOf(token)}</th>`)
  return (
    `<h4>${both('From the position that is read to each token', '从读取位置到每个词元')}</h4>` +
    wide(
      `<table class="grid looks"><thead><tr><td></td>${heads.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`,
    )
  )
}

const wide = (table: string): string => `<div class="wide" tabindex="0" role="region" aria-label="table">${table}</div>`
