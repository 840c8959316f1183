// An inspection as JSON: plain numbers, rounded to the digits that float32 has.

import { type Attention, type Inspection, meanOverHeads, type Pass, type Relevance } from 'typeclip/inspect'

/** Of attention, the mean of the heads for every position, and every head for the position that is read. */
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
      // JSON has no −∞: null stands for it.
      mask: rows(text.mask, text.tokens.length).map((row) => row.map((x) => (x === 0 ? 0 : null))),
      readAt: text.readAt,
      pool: text.pool,
      ...pass(text, text.readAt),
    })),
    ...(similarity && { similarity }),
    ...(relevance && { relevance: relevance.map(why) }),
  })
}

function why({ text, cosine, image: { grid, map }, words }: Relevance): object {
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
    attention: attention.map((block) => look(block, readAt)),
    embedding: plain(embedding),
  }
}

function look(attention: Attention, readAt: number): object {
  const { name, heads, rows: from, columns, weights } = attention
  const at = Math.min(readAt, from - 1)
  return {
    name,
    heads,
    mean: Array.from({ length: from }, (_, row) => plain(meanOverHeads(attention, row))),
    read: Array.from({ length: heads }, (_, head) => {
      const start = (head * from + at) * columns
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
