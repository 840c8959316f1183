// An inspection as JSON: plain numbers, rounded to the digits that float32 has.

import { type Attention, type Inspection, meanOverHeads, type Pass, type Relevance } from 'typeclip/inspect'

/** Attention is the mean of the heads for every position, and each head for the position that is read. */
export function inspectJson({ model, config, logitScale, image, texts, similarity, relevance }: Inspection): string {
  return JSON.stringify({
    model,
    config,
    logitScale,
    ...(image && {
      image: { kind: image.kind, size: image.size, grid: image.grid, patchSize: image.patchSize, ...pass(image, 0) },
    }),
    texts: texts.map((text) => ({
      text: text.text,
      tokens: text.tokens,
      // JSON has no −∞: null is written for it.
      mask: rows(text.mask, text.tokens.length).map((row) => row.map((x) => (x === 0 ? 0 : null))),
      readAt: text.readAt,
      pool: text.pool,
      ...pass(text, text.readAt),
    })),
    ...(similarity && { similarity }),
    ...(relevance && { relevance: relevance.map(relevanceOf) }),
  })
}

function relevanceOf({ text, cosine, image: { grid, map }, words }: Relevance): object {
  return {
    text,
    cosine,
    image: { grid, map: rows(map, grid[1]).map((row) => plain(Float32Array.from(row))) },
    ...(words && {
      tokens: words.tokens.map((token, i) => ({ ...token, relevance: plain(words.values)[i] })),
      words: words.words.map(({ text, value }) => ({ text, relevance: Number(value.toPrecision(7)) })),
    }),
  }
}

function pass({ stages, attention, embedding }: Pass, readAt: number): object {
  return {
    stages: stages.map(({ values, ...stage }) => ({ ...stage, ...(values && { values: plain(values) }) })),
    attention: attention.map((block) => attentionOf(block, readAt)),
    embedding: plain(embedding),
  }
}

function attentionOf(attention: Attention, readAt: number): object {
  const { name, heads, rows: positions, columns, weights } = attention
  const position = Math.min(readAt, positions - 1)
  return {
    name,
    heads,
    mean: Array.from({ length: positions }, (_, row) => plain(meanOverHeads(attention, row))),
    read: Array.from({ length: heads }, (_, head) => {
      const start = (head * positions + position) * columns
      return plain(weights.subarray(start, start + columns))
    }),
  }
}

const plain = (values: Float32Array): (number | null)[] =>
  Array.from(values, (x) => (Number.isFinite(x) ? Number(x.toPrecision(7)) : null))

function rows(values: Float32Array, columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, row) =>
    Array.from(values.subarray(row * columns, (row + 1) * columns)),
  )
}
