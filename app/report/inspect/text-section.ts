// The text encoder on the page: tokens, the causal mask, attention, the position that is read, the embedding.

import type { TextTowerConfig } from 'typeclip'
import { type Attention, meanOverHeads, type TextPass, type Token } from 'typeclip/inspect'
import { embeddingBars } from '../charts.ts'
import { both, code, type Html, html, percent } from '../html.ts'
import { weightMatrix } from '../images.ts'
import { type BlockView, blockViews } from './blocks.ts'
import { growth } from './image-section.ts'
import { stageTable } from './stage-table.ts'
import { stageNamed, step } from './step.ts'

/** The first text is open; the others can be opened. */
export function textSection(text: TextPass, index: number, config: TextTowerConfig): Html {
  const body = steps(text, index, config)
  const title = html`<h2>${both('The text encoder', '文本编码器')} ${code('encodeText')}</h2><blockquote>${text.text}</blockquote>`
  return html`<section id="text-${index}" class="text">${
    index === 0 ? [title, body] : html`<details><summary>${title}</summary>${body}</details>`
  }</section>`
}

function steps(text: TextPass, index: number, { contextLength, vocabularySize }: TextTowerConfig): Html[] {
  const { stages, tokens, readAt, attention, embedding } = text
  const stage = (name: string) => stageNamed(stages, name)
  const end = tokens[readAt]!
  return [
    step({
      en: 'Tokens',
      zh: '分词',
      text: {
        en: `The text is cleaned and lower-cased, and byte-pair encoding cuts it into tokens of a vocabulary of ${vocabularySize.toLocaleString('en-US')}; a start and an end token are added. ${tokens.length} of at most ${contextLength} positions are used. The reference fills the rest with 0; what follows the end has no effect, so it is not computed here.`,
        zh: `文本先清洗并转为小写，再用 BPE（byte-pair encoding）切成词表（${vocabularySize} 项）中的词元，首尾各加一个特殊词元。最多 ${contextLength} 个位置，这里用了 ${tokens.length} 个；参考实现用 0 补齐其余位置，但结束符之后的内容不会产生影响，所以这里不计算。`,
      },
      paper: '§2.4',
      figure: html`<ol class="tokens" start="0">${tokens.map((token, i) => tokenCard(token, i, i === readAt))}</ol>`,
    }),
    step({
      en: 'Tokens become vectors, with positions',
      zh: '词元变成向量，并加上位置',
      text: {
        en: 'Each id selects its row of a learned table, and a learned vector is added for each position.',
        zh: '每个 id 从可学习的词表矩阵取出一行，再加上该位置的可学习向量。',
      },
      formula: 'x_i = E[id_i] + P[i]',
      paper: '§2.4',
      stages: [stage('token_embedding'), stage('positional_embedding')],
    }),
    step({
      en: 'The causal mask',
      zh: '因果 mask',
      text: {
        en: 'No token attends to a later one: −∞ is added to those scores, and the softmax turns it into 0. CLIP keeps the mask so that the encoder could be initialised from a language model, or trained with language modelling as well. Only the last token has seen the whole text.',
        zh: '任何词元都不能关注它右边的词元：在这些分数上加 −∞，softmax 之后就是 0。CLIP 保留它，是为了能用预训练语言模型初始化，或同时训练语言模型目标。只有最后一个词元看到了整个文本。',
      },
      formula: 'softmax(Q Kᵀ / √d + mask)',
      paper: '§2.4',
      stages: [stage('attn_mask')],
      figure: maskTable(text),
    }),
    step({
      en: 'Attention, block by block',
      zh: '逐块看注意力',
      text: {
        en: 'Each row is a token that attends, each column a token that is attended to; darkest is 1. Below: how much the position that is read takes from each token, as the mean over the heads. Much of it often goes to the first token, an attention sink.',
        zh: '每行是一个词元，每列是它所关注的词元，最深为 1。下表：被读取的位置从每个词元取多少（各头平均）。第一个词元往往占得很多，起到“注意力汇聚点”（attention sink）的作用。',
      },
      paper: '§2.4',
      stages: attention.length ? [stageNamed(stages, attention.at(-1)!.name)] : [],
      figure: [
        blockViews(attention.map(view), `text-blocks-${index}`),
        readTable(text),
        growth(text, /resblocks\.\d+$/),
      ],
    }),
    step({
      en: 'Where it is read',
      zh: '从哪里读取',
      text:
        text.pool === 'argmax'
          ? {
              en: html`The embedding is read at the highest id of the sequence. That is end-of-text, ${code(`argmax(ids) = ${readAt}`)}, whose id ${end.id} is the vocabulary’s last.`,
              zh: html`嵌入从序列中 id 最大的位置读取，也就是结束符：${code(`argmax(ids) = ${readAt}`)}，它的 id ${end.id} 是词表中最后一个。`,
            }
          : {
              en: `The embedding is read at the first end-of-text token, id ${end.id}: position ${readAt}.`,
              zh: `嵌入从第一个结束符（id ${end.id}）处读取：位置 ${readAt}。`,
            },
      formula: 'T_f = ln_final(x)[end of text]',
      paper: '§2.4',
      stages: [stage('ln_final'), stage('pooled')],
    }),
    step({
      en: 'The text embedding',
      zh: '文本嵌入',
      text: {
        en: `One matrix projects it into the space that images and texts share: ${embedding.length} numbers.`,
        zh: `再用一个矩阵投影到图像与文本共享的空间：${embedding.length} 个数。`,
      },
      formula: 'T_e = normalize(T_f · W_t)',
      paper: 'Figure 3',
      stages: [stage('text_projection')],
      figure: embeddingBars(embedding, 'text'),
    }),
    stageTable(stages, `text-stages-${index}`),
  ]
}

function tokenCard({ id, piece, text }: Token, position: number, read: boolean): Html {
  const plain = piece.replace(/<\/w>$/, '')
  const meaning = text && text !== plain && !text.includes('�') && html`<small>${text}</small>`
  return html`<li${read && html` class="read"`}><b>${plain}${piece.endsWith('</w>') && html`<i>&lt;/w&gt;</i>`}</b>${meaning}<span>${id}</span><span class="place">${position}${read && html` ${both('← read', '← 读取')}`}</span></li>`
}

/** A token as the heading of a row or column. */
const headingOf = ({ piece, text }: Token): string =>
  (text && !text.includes('�') ? text : piece.replace(/<\/w>$/, '')).replace(/^<\|(.*)\|>$/, '⟨$1⟩')

function maskTable({ tokens, mask, readAt }: TextPass): Html {
  const length = tokens.length
  const rows = tokens.map((token, row) => {
    const cells = Array.from(mask.subarray(row * length, (row + 1) * length), (x) =>
      x === 0 ? html`<td class="may">0</td>` : html`<td class="not">−∞</td>`,
    )
    return html`<tr${row === readAt && html` class="read"`}><th scope="row">${headingOf(token)}</th>${cells}</tr>`
  })
  return wide(html`<table class="grid"><tbody>${rows}</tbody></table>`)
}

function view({ heads, rows, columns, weights }: Attention): BlockView {
  const area = rows * columns
  const matrices = Array.from({ length: heads }, (_, head) => weights.subarray(head * area, (head + 1) * area))
  const mean = Float32Array.from({ length: area }, (_, i) => matrices.reduce((sum, head) => sum + head[i]! / heads, 0))
  const map = (matrix: Float32Array) =>
    html`<span class="matrix"><img alt="" src="${weightMatrix(matrix, rows, columns)}"></span>`
  return {
    mean: { map: map(mean) },
    heads: matrices.map((matrix, head) => ({ map: map(matrix), caption: both(`head ${head}`, `头 ${head}`) })),
  }
}

function readTable({ tokens, readAt, attention }: TextPass): Html {
  const rows = attention.map((block, i) => {
    const cells = Array.from(
      meanOverHeads(block, readAt),
      (x) => html`<td style="--weight:${Math.sqrt(x).toFixed(3)}">${percent(x)}</td>`,
    )
    return html`<tr><th scope="row">${both(`block ${i}`, `第 ${i} 块`)}</th>${cells}</tr>`
  })
  const headings = tokens.map((token) => html`<th scope="col">${headingOf(token)}</th>`)
  return html`<h4>${both('From the position that is read to each token', '从读取位置到每个词元')}</h4>${wide(
    html`<table class="grid attention"><thead><tr><td></td>${headings}</tr></thead><tbody>${rows}</tbody></table>`,
  )}`
}

const wide = (table: Html): Html => html`<div class="wide" tabindex="0" role="region" aria-label="table">${table}</div>`
