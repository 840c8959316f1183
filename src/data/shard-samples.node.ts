// The samples of a WebDataset shard: consecutive members of one name (`000123.jpg`, `000123.txt`).

import { UsageError } from '../errors.ts'
import { decodeUtf8 } from '../files/utf8.ts'
import { defaultTemplates, fillTemplates } from '../zero-shot/prompts.ts'
import { trimmed } from './captions.ts'
import { isIgnoredFolder, isImageFile } from './image-files.ts'
import type { Sample, Skipped } from './sample.ts'
import { type ShardBytesOptions, shardBytes } from './shard-bytes.node.ts'
import { members } from './tar.ts'

/** How WebDataset shards are read. */
export interface WebDatasetOptions extends ShardBytesOptions {
  /** The field of a `.json` member. Default: `caption`. */
  captionColumn?: string | undefined
  /** Captions of samples that have none, with `{}` for the class of a `.cls` member. Default: `a photo of a {}.` */
  templates?: readonly string[] | undefined
  /** Samples in the shuffle buffer. Default: 2,000, fewer if they are large. */
  shuffleBuffer?: number | undefined
}

/** The members of one sample by the end of their names. */
export interface Group {
  name: string
  files: Map<string, Uint8Array | undefined>
  bytes: number
}

/** Whether a member is text: a caption, fields or a class. */
export const isText = (extension: string): boolean => ['txt', 'json', 'cls'].includes(extension)

/** @param wanted the members whose bytes are read, by extension. Default: those that make a sample, not masks and the like */
export async function* groups(
  where: string,
  options: WebDatasetOptions,
  wanted = (extension: string) => isText(extension) || isImageFile(`x.${extension}`),
): AsyncGenerator<Group, void, undefined> {
  const stream = await shardBytes(where, options)
  try {
    let group: Group | undefined
    for await (const member of members(stream, (name) => wanted(split(name)[1]))) {
      const [name, extension] = split(member.name)
      if (name === '') continue
      if (group && group.name !== name) yield group
      if (group?.name !== name) group = { name, files: new Map(), bytes: 0 }
      group.files.set(extension, member.data)
      group.bytes += member.size
    }
    if (group) yield group
  } finally {
    await stream.close()
  }
}

/** `a/b.c/000123.seg.png` to `a/b.c/000123` and `seg.png`; hidden files, and those of hidden or system folders, to nothing. */
function split(name: string): [string, string] {
  if (name.split('/').slice(0, -1).some(isIgnoredFolder)) return ['', '']
  const match = /^((?:.*\/)?[^./][^./]*)\.([^/]+)$/.exec(name)
  return match ? [match[1]!, match[2]!.toLowerCase()] : ['', '']
}

/** The class of a sample; undefined if it cannot be read, in which case the sample is skipped later. */
export function classOf(group: Group): string | undefined {
  try {
    return textOf(group, 'cls')
  } catch (error) {
    if (error instanceof UsageError) return undefined
    throw error
  }
}

/** @param where the shard */
export function sampleOf(
  where: string,
  group: Group,
  { captionColumn = 'caption', templates }: WebDatasetOptions,
): Sample | Skipped {
  const key = `${where}#${group.name}`
  const extensions = [...group.files.keys()]
  const image = extensions.find((extension) => isImageFile(`x.${extension}`))
  if (image === undefined) return { key, reason: `no image among its members (${extensions.join(', ')})` }
  try {
    const label = textOf(group, 'cls')
    const captions = captionsOf(group, captionColumn)
    if (captions.length === 0 && label) captions.push(...fillTemplates(templates ?? defaultTemplates, label))
    if (captions.length > 0) return { key, image: group.files.get(image)!, captions, label: label || undefined }
  } catch (error) {
    if (error instanceof UsageError) return { key, reason: error.message }
    throw error
  }
  const found = extensions.filter((extension) => extension !== image).join(', ') || 'nothing'
  return { key, reason: `no caption beside the image (.txt, or "${captionColumn}" of .json; found ${found})` }
}

/** @throws UsageError for a member that is not UTF-8 */
function textOf(group: Group, extension: string): string | undefined {
  const data = group.files.get(extension)
  return data && decodeUtf8(data, `its .${extension}`).trim()
}

/** `.txt` as a whole, as open_clip reads it; else a field of `.json`: a text, or several. */
function captionsOf(group: Group, field: string): string[] {
  const own = trimmed([textOf(group, 'txt') ?? ''])
  if (own.length > 0) return own
  const json = textOf(group, 'json')
  if (json === undefined) return []
  let fields: unknown
  try {
    fields = JSON.parse(json)
  } catch (error) {
    throw new UsageError(`its .json is not JSON (${(error as Error).message})`)
  }
  const value = (fields as Record<string, unknown> | null)?.[field] ?? []
  const texts = (Array.isArray(value) ? value : [value]).filter((text) => text !== null)
  if (texts.every((text) => typeof text === 'string')) return trimmed(texts)
  throw new UsageError(`"${field}" of its .json is ${JSON.stringify(value)}; expected a text, or a list of texts`)
}
